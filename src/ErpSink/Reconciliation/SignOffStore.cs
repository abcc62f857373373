using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using Npgsql;
using Streams.ErpSink.People;

namespace Streams.ErpSink.Reconciliation;

/// <summary>A signature under the figures of a period and entity.</summary>
public sealed record SignOff(long Id, string Period, string LegalEntity, string Figures, string FiguresHash, string SignedBy, DateTime SignedAt, string? Note, DateTime? VoidedAt, string? VoidedBy, string? VoidReason);

/// <summary>The period cannot be signed off as it is (exit code 3); the message says why.</summary>
public sealed class SignOffRefusedException(string message) : Exception(message);

/// <summary>Sign-offs: given when nothing is open, held against the figures later, and void as soon as these are not the same.</summary>
public sealed class SignOffStore(NpgsqlDataSource database)
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    const string Columns = """
        id as Id, period as Period, legal_entity as LegalEntity, figures::text as Figures, figures_hash as FiguresHash, signed_by as SignedBy, signed_at as SignedAt, note as Note,
        voided_at as VoidedAt, voided_by as VoidedBy, void_reason as VoidReason
        """;

    /// <exception cref="SignOffRefusedException">Something is under way, listed, different, or was not read back; or it is signed already.</exception>
    public async Task<SignOff> SignAsync(string period, string legalEntity, string by, string? note, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var figures = await FiguresAsync(connection, transaction, period, legalEntity);
        if (await ReversalOnItsWayAsync(connection, transaction, period, legalEntity) is { } reversal) throw new SignOffRefusedException($"{period} of {legalEntity}: reversal {reversal} is approved and not in the ledger yet");
        if (Hindrances(figures).ToList() is { Count: > 0 } hindrances) throw new SignOffRefusedException($"{period} of {legalEntity}: {string.Join("; ", hindrances)}");
        var (json, hash) = Canonical(figures);
        var id = await connection.ExecuteScalarAsync<long?>("""
            insert into erp.sign_off (period, legal_entity, figures, figures_hash, signed_by, note) values (@period, @legalEntity, cast(@json as jsonb), @hash, @by, @note)
            on conflict (period, legal_entity) where voided_at is null do nothing returning id
            """, new { period, legalEntity, json, hash, by, note }, transaction) ?? throw new SignOffRefusedException($"{period} of {legalEntity} is signed off already");
        await AuditTrail.AppendAsync(connection, transaction, by, "period.sign_off", $"{period}/{legalEntity}", json);
        var signed = await connection.QuerySingleAsync<SignOff>($"select {Columns} from erp.sign_off where id = @id", new { id }, transaction);
        await transaction.CommitAsync(cancel);
        return signed;
    }

    /// <summary>A reversal that the topic has not brought yet: no figure shows it.</summary>
    static Task<string?> ReversalOnItsWayAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string period, string legalEntity) => connection.ExecuteScalarAsync<string?>("""
        select min(v.reversal_key) from erp.reversal v join erp.document d on d.document_key = v.document_key
        where d.period = @period and d.legal_entity = @legalEntity and not exists (select 1 from erp.document x where x.document_key = v.reversal_key)
        """, new { period, legalEntity }, transaction);

    /// <exception cref="SignOffRefusedException">There is no valid one.</exception>
    public async Task VoidAsync(string period, string legalEntity, string by, string reason, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (await connection.ExecuteAsync("""
            update erp.sign_off set voided_at = clock_timestamp(), voided_by = @by, void_reason = @reason where period = @period and legal_entity = @legalEntity and voided_at is null
            """, new { period, legalEntity, by, reason }, transaction) == 0) throw new SignOffRefusedException($"{period} of {legalEntity} is not signed off");
        await AuditTrail.AppendAsync(connection, transaction, by, "period.void_sign_off", $"{period}/{legalEntity}", "{}");
        await transaction.CommitAsync(cancel);
    }

    public async Task<IReadOnlyList<SignOff>> ListAsync(string? period = null, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<SignOff>($"select {Columns} from erp.sign_off where @period is null or period = @period order by id", new { period })).AsList();
    }

    /// <summary>Voids the sign-offs whose figures are not the same any more. Only periods in which something moved since are added up again. Returns how many.</summary>
    public async Task<int> VerifyAsync(CancellationToken cancel = default)
    {
        var voided = 0;
        foreach (var s in await MovedAsync(cancel))
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            var hash = Canonical(await FiguresAsync(connection, null, s.Period, s.LegalEntity)).Hash;
            if (hash == s.FiguresHash) continue;
            await VoidAsync(s.Period, s.LegalEntity, "reconciliation", "the figures are not the ones that were signed", cancel);
            voided++;
        }
        return voided;
    }

    async Task<IReadOnlyList<SignOff>> MovedAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<SignOff>($"""
            select {Columns} from erp.sign_off s where voided_at is null
            and (exists (select 1 from erp.document d where d.period = s.period and d.legal_entity = s.legal_entity and d.planned_at > s.signed_at)
              or exists (select 1 from erp.document d join erp.posting p using (document_key) where d.period = s.period and d.legal_entity = s.legal_entity and p.changed_at > s.signed_at))
            order by id
            """)).AsList();
    }

    static async Task<IReadOnlyList<PeriodFigures>> FiguresAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string period, string legalEntity) =>
        [.. (await LedgerChecks.FiguresAsync(connection, transaction, period, null)).Where(f => f.LegalEntity == legalEntity)];

    static IEnumerable<string> Hindrances(IReadOnlyList<PeriodFigures> figures)
    {
        if (figures.Count == 0) yield return "there are no documents";
        foreach (var f in figures)
        {
            if (f.UnderWayDocuments > 0) yield return $"{f.UnderWayDocuments} documents ({f.UnderWay} {f.Currency}) are under way to {f.Account}";
            if (f.Difference != Schemas.ExactDecimal.Zero) yield return $"{f.Difference} {f.Currency} are unexplained in {f.Account}";
            if (f.Read < f.ConfirmedDocuments) yield return $"{f.ConfirmedDocuments - f.Read} of {f.ConfirmedDocuments} confirmed documents in {f.Account} were not read back";
        }
        if (figures.Any(f => f.OpenDifferences > 0)) yield return $"{figures[0].OpenDifferences} differences are open";
    }

    /// <summary>What is signed: the sums and counts, and not how often they were read since.</summary>
    static (string Json, string Hash) Canonical(IReadOnlyList<PeriodFigures> figures)
    {
        var json = JsonSerializer.Serialize(figures.Select(f => new
        {
            f.Period, f.LegalEntity, f.Account, f.Currency, f.Documents, Planned = f.Planned.ToString(), Confirmed = f.Confirmed.ToString(), Listed = f.Listed.ToString(), f.ConfirmedDocuments, f.ListedDocuments,
        }), Json);
        return (json, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json))));
    }
}
