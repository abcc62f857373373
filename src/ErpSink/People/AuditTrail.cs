using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Npgsql;

namespace Streams.ErpSink.People;

/// <summary>An action of a person or a change of the configuration.</summary>
/// <param name="At">In UTC, to the microsecond.</param>
/// <param name="Method">How the actor was authenticated.</param>
/// <param name="BeforeHash">Of the subject before; null where there was nothing.</param>
/// <param name="Details">A JSON object, as text: the hash is over its very characters.</param>
/// <param name="Hash">SHA-256 of the former row's hash and this row.</param>
public sealed record AuditRow(
    long Sequence, DateTime At, string Actor, string Method, string Action, string Subject, string? BeforeHash, string? AfterHash, string Details, string Hash)
{
    /// <summary>The hash that the row must have behind one with <paramref name="previous"/>.</summary>
    public string HashAfter(string previous)
    {
        var text = new StringBuilder();
        var micros = (At - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        foreach (var part in new[] { Number(Sequence), Number(micros), Actor, Method, Action, Subject, BeforeHash, AfterHash, Details })
        {
            if (part is null) text.Append("-,");
            else text.Append(Number(Encoding.UTF8.GetByteCount(part))).Append(':').Append(part).Append(',');
        }
        return Convert.ToHexStringLower(SHA256.HashData([.. Convert.FromHexString(previous), .. Encoding.UTF8.GetBytes(text.ToString())]));
    }

    static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Where the chain ends by the ledger's own account.</summary>
/// <param name="Ledger">Names the ledger among the anchors.</param>
/// <param name="Anchored">The last sequence whose hash was handed to Kafka.</param>
public sealed record AuditHead(string Ledger, long Sequence, string Hash, long Anchored);

/// <summary>The audit trail: what programs add to it, and its rows. What people do is added by the ledger's own functions.</summary>
public static class AuditTrail
{
    const int Page = 1000;

    /// <summary>Adds what a program did, in the transaction that it happens in.</summary>
    /// <param name="details">JSON.</param>
    internal static Task AppendAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string who, string action, string subject, string details) =>
        connection.ExecuteAsync("select erp.audit_append(@who, @action, @subject, cast(@details as jsonb))", new { who, action, subject, details }, transaction);

    public static Task<AuditHead> HeadAsync(NpgsqlConnection c) =>
        c.QuerySingleAsync<AuditHead>("select ledger::text as Ledger, sequence as Sequence, hash as Hash, anchored as Anchored from erp.audit_head");

    /// <summary>Rows behind <paramref name="after"/>, in order.</summary>
    public static async Task<IReadOnlyList<AuditRow>> ListAsync(NpgsqlConnection c, long after, int most, string? actor = null, string? subject = null) =>
        (await c.QueryAsync<AuditRow>("""
            select sequence as Sequence, at as At, actor as Actor, method as Method, action as Action, subject as Subject, before_hash as BeforeHash, after_hash as AfterHash,
                   details as Details, hash as Hash
            from erp.audit where sequence > @after and (@actor::text is null or actor = @actor) and (@subject::text is null or subject = @subject) order by sequence limit @most
            """, new { after, most, actor, subject })).AsList();

    /// <summary>The whole trail, page by page.</summary>
    public static async IAsyncEnumerable<AuditRow> AllAsync(NpgsqlConnection c, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        for (var after = long.MinValue; ;)
        {
            cancel.ThrowIfCancellationRequested();
            var page = await ListAsync(c, after, Page);
            foreach (var row in page) yield return row;
            if (page.Count < Page) yield break;
            after = page[^1].Sequence;
        }
    }
}

/// <summary>The trail as a file: the head in the first line, then a row a line, each a JSON object.</summary>
public static class AuditFile
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task<long> WriteAsync(TextWriter to, AuditHead head, IAsyncEnumerable<AuditRow> rows, CancellationToken cancel = default)
    {
        var written = 0L;
        await to.WriteLineAsync(JsonSerializer.Serialize(head, Json).AsMemory(), cancel);
        await foreach (var row in rows.WithCancellation(cancel))
        {
            await to.WriteLineAsync(JsonSerializer.Serialize(row, Json).AsMemory(), cancel);
            written++;
        }
        return written;
    }

    /// <exception cref="FormatException">Names the line that cannot be read.</exception>
    public static async Task<AuditHead> ReadHeadAsync(TextReader from, CancellationToken cancel = default) => Parse<AuditHead>(await from.ReadLineAsync(cancel) ?? "", 1);

    /// <exception cref="FormatException">Names the line that cannot be read.</exception>
    public static async IAsyncEnumerable<AuditRow> ReadRowsAsync(TextReader from, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        for (var line = 2; await from.ReadLineAsync(cancel) is { } text; line++) yield return Parse<AuditRow>(text, line);
    }

    static T Parse<T>(string text, int line)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(text, Json) ?? throw new FormatException($"line {line}: is null");
        }
        catch (JsonException e)
        {
            throw new FormatException($"line {line}: {e.Message}", e);
        }
    }
}
