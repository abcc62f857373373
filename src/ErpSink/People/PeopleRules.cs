using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;

namespace Streams.ErpSink.People;

/// <summary>Whose an exception is and when it must be done. What is left out holds for all; of the rules the first that fits is taken.</summary>
/// <param name="DueHours">Hours from the opening to the deadline.</param>
/// <param name="Reason">What the code means, in words for the owner.</param>
public sealed record OwnerRule(
    string Owner, int DueHours, string? Reason = null, IReadOnlyList<string>? Codes = null, IReadOnlyList<string>? LegalEntities = null, IReadOnlyList<string>? Customers = null,
    IReadOnlyList<string>? Accounts = null);

/// <summary>Documents that are posted only when people have approved. Of several that fit, the one with the most approvers holds.</summary>
/// <param name="Above">Limits by currency, "*" for the others: the rule holds for totals above. A currency without a limit is above it.</param>
/// <param name="NewCustomers">Only for customers of whom the account has no confirmed document yet.</param>
public sealed record PostingApprovalRule(
    string Name, int Approvers = 1, IReadOnlyDictionary<string, string>? Above = null, IReadOnlyList<string>? Kinds = null, IReadOnlyList<string>? LegalEntities = null,
    IReadOnlyList<string>? Customers = null, IReadOnlyList<string>? Accounts = null, bool? NewCustomers = null);

/// <summary>How many have to approve what people ask for: retry, release, write_off, reverse. The limit is for the sum of a request in each currency.</summary>
public sealed record ActionApprovalRule(
    int Approvers, IReadOnlyList<string>? Actions = null, IReadOnlyDictionary<string, string>? Above = null, IReadOnlyList<string>? Kinds = null,
    IReadOnlyList<string>? LegalEntities = null, IReadOnlyList<string>? Accounts = null);

/// <summary>Who owns exceptions, and what needs approval; kept in the ledger, version by version, which applies them itself.</summary>
public sealed partial record PeopleRules
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true, MaxDepth = 6,
        NumberHandling = JsonNumberHandling.Strict,
    };

    public IReadOnlyList<OwnerRule> Owners { get; init; } = [];

    public IReadOnlyList<PostingApprovalRule> Postings { get; init; } = [];

    /// <summary>Null: one approver for everything. A write-off and a reversal need one in any case.</summary>
    public IReadOnlyList<ActionApprovalRule>? Actions { get; init; }

    /// <summary>Hours after which a request that was not decided has expired.</summary>
    public int ExpireHours { get; init; } = 72;

    /// <exception cref="ArgumentException">Names every fault with its place.</exception>
    public static PeopleRules Parse(string json)
    {
        try
        {
            var rules = JsonSerializer.Deserialize<PeopleRules>(json, Json) ?? throw new ArgumentException("people rules: are null");
            var faults = rules.Faults().ToList();
            return faults.Count == 0 ? rules : throw new ArgumentException($"people rules: {string.Join("; ", faults)}");
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"people rules: {e.Message}", e);
        }
    }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>Makes these the rules in force, where they are not already. The change is on record in the audit trail.</summary>
    /// <exception cref="LedgerException">The database user may not change rules.</exception>
    public async Task SaveAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        try
        {
            // Processes that start together write them once.
            await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtext('erp.people_rules'))", transaction: transaction);
            if (await connection.ExecuteScalarAsync<bool>("select erp.rules_in_force() = cast(@content as jsonb)", new { content = ToJson() }, transaction)) return;
            await connection.ExecuteAsync("insert into erp.people_rules (content) values (cast(@content as jsonb))", new { content = ToJson() }, transaction);
            await transaction.CommitAsync(cancel);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new LedgerException("The rules for people differ from those in the ledger, and this database user may not change them: start once as the ledger's owner");
        }
    }

    IEnumerable<string> Faults()
    {
        if (ExpireHours is < 1 or > 8784) yield return $"expireHours: {ExpireHours} is not within 1 to 8784";
        for (var i = 0; i < Owners.Count; i++)
        {
            if (!IsActor(Owners[i].Owner)) yield return $"owners[{i}].owner: '{Owners[i].Owner}' is not a name ({ActorRule})";
            if (Owners[i].DueHours is < 1 or > 8784) yield return $"owners[{i}].dueHours: {Owners[i].DueHours} is not within 1 to 8784";
        }
        for (var i = 0; i < Postings.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(Postings[i].Name)) yield return $"postings[{i}].name: is empty";
            if (Postings[i].Approvers is < 1 or > 2) yield return $"postings[{i}].approvers: {Postings[i].Approvers} is not 1 or 2";
            foreach (var fault in Limits($"postings[{i}]", Postings[i].Above, Postings[i].Kinds)) yield return fault;
        }
        for (var i = 0; i < (Actions?.Count ?? 0); i++)
        {
            var rule = Actions![i];
            if (rule.Approvers is < 0 or > 2) yield return $"actions[{i}].approvers: {rule.Approvers} is not within 0 to 2";
            foreach (var action in (rule.Actions ?? []).Except(["retry", "release", "write_off", "reverse"])) yield return $"actions[{i}].actions: '{action}' is not retry, release, write_off or reverse";
            foreach (var fault in Limits($"actions[{i}]", rule.Above, rule.Kinds)) yield return fault;
        }
    }

    static IEnumerable<string> Limits(string place, IReadOnlyDictionary<string, string>? above, IReadOnlyList<string>? kinds)
    {
        foreach (var (currency, limit) in above ?? new Dictionary<string, string>())
        {
            if (currency != "*" && !CurrencyPattern().IsMatch(currency)) yield return $"{place}.above: '{currency}' is not an ISO 4217 code or *";
            if (!decimal.TryParse(limit, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out _)) yield return $"{place}.above.{currency}: '{limit}' is not an amount";
        }
        foreach (var kind in (kinds ?? []).Except(["AR_INVOICE", "GL_JOURNAL", "CREDIT_MEMO", "RECEIPT"])) yield return $"{place}.kinds: '{kind}' is not a kind of document";
    }

    internal const string ActorRule = "small letters, digits and . _ @ -, at most 100, a letter or digit first";

    internal static bool IsActor(string text) => ActorPattern().IsMatch(text);

    [GeneratedRegex("^[a-z0-9][a-z0-9._@-]{0,99}\\z")]
    private static partial Regex ActorPattern();

    [GeneratedRegex("^[A-Z]{3}\\z")]
    private static partial Regex CurrencyPattern();
}
