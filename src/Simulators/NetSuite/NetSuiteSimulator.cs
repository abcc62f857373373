using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.Simulators;

/// <summary>
/// A NetSuite account: token endpoint and token-based authentication, invoice, journalEntry, creditMemo, customerPayment and customer with external ids,
/// asynchronous batches with idempotency keys, look-up by external id and SuiteQL, the account's pool of concurrent requests.
/// </summary>
public sealed class NetSuiteSimulator : SimulatedErp
{
    const string TokenPath = "/services/rest/auth/oauth2/v1/token";
    const string RecordPath = "/services/rest/record/v1/";
    const string QueryPath = "/services/rest/query/v1/suiteql";
    const string LimitsPath = "/services/rest/system/v1/governanceLimits";
    const int Slots = 5;
    const long FirstId = 1001;

    readonly NetSuiteSetup _account;
    readonly NetSuiteRules _rules;
    readonly ClientAssertions _assertions;
    readonly TokenBasedAuth? _tokenBased;
    readonly List<SimulatedRecord> _notes = [];
    readonly HashSet<string> _numbers = [];
    readonly NetSuiteJobs _jobs;

    NetSuiteSimulator(SimulatorOptions options, NetSuiteSetup account, TimeProvider? time)
        : base(options, new QuotaLimits(Slots, 0, TimeSpan.Zero, null, TimeSpan.FromSeconds(1)), time)
    {
        _account = account;
        _rules = new NetSuiteRules(this, account);
        _assertions = new ClientAssertions(options, Time);
        _tokenBased = account.TokenBased is { } keys ? new TokenBasedAuth(account.Account, keys, Time) : null;
        _jobs = new NetSuiteJobs(this, account);
        foreach (var note in _notes) _jobs.Restore(note);
        _notes.Clear();
    }

    public override string Erp => "netsuite";

    /// <summary>Starts it; the answer comes when it can be called.</summary>
    public static async Task<NetSuiteSimulator> StartAsync(SimulatorOptions options, NetSuiteSetup? account = null, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var simulator = new NetSuiteSimulator(options, account ?? new NetSuiteSetup(), time);
        await simulator.ListenAsync(cancel);
        return simulator;
    }

    /// <summary>An operator voids a transaction, as the account's preference says: by a reversing journal, or by setting its amounts to zero.</summary>
    /// <exception cref="KeyNotFoundException">There is no such record.</exception>
    public Task VoidAsync(string id) => AloneAsync(() =>
    {
        var record = Journal.Get(id) ?? throw new KeyNotFoundException($"no record {id}");
        if (!_account.VoidByReversal)
            return Commit(record with { Event = RecordEvent.Edited, By = RecordEvent.Operator, Amount = "0", Lines = [.. record.Lines.Select(l => l with { Debit = "0", Credit = "0" })] });
        return Commit(record with
        {
            Event = RecordEvent.Created, By = RecordEvent.Operator, Id = NextId(), Type = "journalEntry", Kind = RecordKind.GlJournal, Key = null,
            Lines = [.. record.Lines.Select(l => l with { Debit = l.Credit, Credit = l.Debit })], Fields = new Dictionary<string, string> { ["voids"] = id },
        });
    });

    internal override (TimeSpan Limit, Trouble Says)? RunLimit => (_account.RunLimit, Trouble.RanTooLong);

    internal override bool IsLookUp(Call call) => call.Method == "GET" || call.Path == QueryPath;

    internal override Answer Say(Trouble trouble, string? detail = null) => NetSuiteWords.Of(trouble, detail, _account);

    // A success that does not name the record.
    internal override Answer Spoil(Answer answer) => answer.Status == 204 ? new Answer(204) : base.Spoil(answer);

    internal override Answer? Token(Call call)
    {
        if (call.Path != TokenPath) return null;
        if (call.Method != "POST") return Say(Trouble.NotFound);
        var form = call.Form();
        if (form.GetValueOrDefault("grant_type") != "client_credentials") return Answer.Of(400, new JsonObject { ["error"] = "unsupported_grant_type" });
        return _assertions.Check(form.GetValueOrDefault("client_assertion"), new Uri(Address, TokenPath).ToString()) is { } refusal
            ? Answer.Of(401, new JsonObject { ["error"] = "invalid_client", ["error_description"] = refusal })
            : Answer.Of(200, new JsonObject { ["access_token"] = Tokens.Issue(), ["expires_in"] = Tokens.Seconds, ["token_type"] = "bearer" });
    }

    internal override bool Admits(Call call)
    {
        var header = call.Header("Authorization");
        if (header is not null && header.StartsWith("OAuth ", StringComparison.Ordinal)) return _tokenBased?.Holds(header, call.Method, new Uri(Address, call.Path + call.Query)) ?? false;
        return Tokens.Holds(header);
    }

    internal override Operation Read(Call call)
    {
        if (call.Path == QueryPath && call.Method == "POST")
        {
            var query = call.Json().Str("q") ?? throw new RefusedException(NetSuiteWords.Of(400, "INVALID_PARAMETER", "q is missing"));
            return new Operation(false, "suiteql", SuiteQl.KeysOf(query), _ => SuiteQl.Run(this, call, query));
        }
        if (call.Path.StartsWith(NetSuiteJobs.Path + "/", StringComparison.Ordinal) && call.Method == "GET") return new Operation(false, "job", [], _ => _jobs.Show(call.Path[(NetSuiteJobs.Path.Length + 1)..]));
        if (call.Path == LimitsPath) return new Operation(false, "limits", [], _ => Answer.Of(200, new JsonObject { ["accountConcurrencyLimit"] = Options.ConcurrencyLimit ?? Slots, ["accountUnallocatedConcurrencyLimit"] = Options.ConcurrencyLimit ?? Slots }));
        if (call.Path.StartsWith(RecordPath, StringComparison.Ordinal)) return ReadRecord(call, call.Path[RecordPath.Length..].TrimEnd('/').Split('/'));
        throw new RefusedException(Say(Trouble.NotFound));
    }

    internal override void Restore(SimulatedRecord record)
    {
        if (record.Event == RecordEvent.Note) _notes.Add(record);
        else if (record.Number is not null) _numbers.Add(record.Number);
    }

    internal override void Started() => _jobs.Resume();

    /// <summary>Makes or changes a record, as a request of its own or as a task of a job.</summary>
    internal Answer Make(string type, string method, JsonElement body, string? upsertKey = null)
    {
        var record = NetSuiteRecords.Read(type, body);
        if (upsertKey is not null) record = record with { Key = upsertKey };
        if (_account.ApprovalOfJournals && type == "journalEntry" && body.Member("approved").ValueKind != JsonValueKind.True) record = record with { Posted = false };
        if (Faults.OfRecord(SimulatorFault.BatchPartial, type, record.Key) is not null)
        {
            Statistics.CountFault();
            return Say(Trouble.Validation);
        }
        if (_rules.Check(record, body) is { } refusal) return NetSuiteWords.Of(400, refusal);
        return method == "PUT" && Journal.Find(type, record.Key ?? "") is { } known ? Change(known, record) : Create(record);
    }

    Answer Create(SimulatedRecord record)
    {
        if (IsDuplicate(record.Type, record.Key)) return NetSuiteWords.Of(400, new NetSuiteRefusal("Error while accessing a resource. This entity already exists."));
        if (record.Number is { } number && !_numbers.Add(number) && _account.UniqueTranId) return NetSuiteWords.Of(400, new NetSuiteRefusal(_account.DuplicateTranIdText, "tranId"));
        var id = NextId();
        return Located(Commit(record with { Id = id, Number = record.Number ?? $"SIM{id}" }));
    }

    Answer Change(SimulatedRecord known, SimulatedRecord record) => Located(Commit(record with { Id = known.Id, Number = record.Number ?? known.Number, Event = RecordEvent.Changed }));

    Answer Located(SimulatedRecord record) => new Answer(204).With("Location", Place(record));

    string Place(SimulatedRecord record) => new Uri(Address, $"{RecordPath}{record.Type}/{record.Id}").ToString();

    string NextId() => (FirstId + Journal.Created).ToString(CultureInfo.InvariantCulture);

    Operation ReadRecord(Call call, string[] parts)
    {
        var type = parts[0];
        if (!NetSuiteRecords.IsType(type) || parts.Length > 2) throw new RefusedException(NetSuiteWords.Of(404, "NOT_FOUND", $"Record type '{type}' was not found."));
        return (call.Method, parts.Length) switch
        {
            ("POST", 1) when call.Prefers("respond-async") => ReadBatch(call, type, "POST"),
            ("PUT", 1) when call.Prefers("respond-async") => ReadBatch(call, type, "PUT"),
            ("POST", 1) => ReadOne(call, type),
            ("PUT", 2) => ReadUpsert(call, type, parts[1]),
            ("GET", 2) => new Operation(false, type, [KeyOf(parts[1]) ?? ""], _ => Show(type, parts[1])),
            ("DELETE", 2) => new Operation(true, type, [KeyOf(parts[1]) ?? ""], _ => Delete(type, parts[1])),
            _ => throw new RefusedException(NetSuiteWords.Of(405, "INVALID_METHOD", $"Invalid method {call.Method}.")),
        };
    }

    Operation ReadOne(Call call, string type)
    {
        var body = call.Json();
        return new Operation(true, type, [body.Str("externalId") ?? ""], _ => Make(type, "POST", body));
    }

    Operation ReadUpsert(Call call, string type, string id)
    {
        var key = KeyOf(id) ?? throw new RefusedException(NetSuiteWords.Of(405, "INVALID_METHOD", "PUT takes eid:KEY."));
        var body = call.Json();
        return new Operation(true, type, [key], _ => Make(type, "PUT", body, key));
    }

    Operation ReadBatch(Call call, string type, string method)
    {
        if (!(call.Header("Content-Type") ?? "").Replace(" ", "", StringComparison.Ordinal).Contains("type=collection", StringComparison.OrdinalIgnoreCase))
            throw new RefusedException(NetSuiteWords.Of(400, "INVALID_HEADER", "Content-Type is to be application/vnd.oracle.resource+json; type=collection."));
        var body = call.Json();
        return new Operation(true, type, [.. body.Items("items").Select(i => i.Str("externalId") ?? "")], hit => _jobs.Submit(type, method, body, call.Header("X-NetSuite-idempotency-key"), hit));
    }

    Answer Show(string type, string id) =>
        Find(type, id) is { } record && IsVisible(record) ? Answer.Of(200, NetSuiteRecords.Show(record, Place(record)), NetSuiteWords.Singular) : Say(Trouble.NotFound);

    Answer Delete(string type, string id)
    {
        if (Find(type, id) is not { } record) return Say(Trouble.NotFound);
        Commit(record with { Event = RecordEvent.Deleted });
        return new Answer(204);
    }

    SimulatedRecord? Find(string type, string id) => KeyOf(id) is { } key ? Journal.Find(type, key) : Journal.Get(id) is { } record && record.Type == type ? record : null;

    static string? KeyOf(string id) => id.StartsWith("eid:", StringComparison.Ordinal) ? id[4..] : null;
}
