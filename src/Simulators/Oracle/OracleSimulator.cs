using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Streams.Simulators;

/// <summary>
/// An Oracle Fusion Cloud ERP pod: receivables invoices, credit memos and standard receipts by REST, journals, invoices and credit memos by file import with a job of several phases,
/// journal batches to read back, the posting job.
/// </summary>
public sealed class OracleSimulator : SimulatedErp
{
    public const string RestPath = "/fscmRestApi/resources/11.13.18.05/";
    const string TokenPath = "/oauth2/v1/token";
    const long FirstId = 300_000_000_000_000;

    readonly OracleSetup _account;
    readonly List<SimulatedRecord> _before = [];
    readonly OracleReceivables _receivables;
    readonly OracleJobs _jobs;

    OracleSimulator(SimulatorOptions options, OracleSetup account, TimeProvider? time) : base(options, new QuotaLimits(null, 0, TimeSpan.Zero, null, TimeSpan.FromSeconds(1)), time)
    {
        _account = account;
        _receivables = new OracleReceivables(this, account);
        _jobs = new OracleJobs(this, account, [new OracleImport(this, account), new OracleAutoInvoice(this, _receivables, account)]);
        foreach (var record in _before)
        {
            if (record.Event == RecordEvent.Note) _jobs.Restore(record);
            else _receivables.Restore(record);
        }
        _before.Clear();
    }

    public override string Erp => "fusion";

    /// <summary>Starts it; the answer comes when it can be called.</summary>
    public static async Task<OracleSimulator> StartAsync(SimulatorOptions options, OracleSetup? account = null, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var simulator = new OracleSimulator(options, account ?? new OracleSetup(), time);
        await simulator.ListenAsync(cancel);
        return simulator;
    }

    internal override string? RetryAfter() => _account.RetryAfter;

    internal override void Restore(SimulatedRecord record) => _before.Add(record.Event == RecordEvent.Note ? record : record with { Lines = [] });

    internal override Answer Say(Trouble trouble, string? detail = null) => trouble switch
    {
        Trouble.Throttled or Trouble.TooManyAtOnce or Trouble.WaitedTooLong => Answer.Of(429, "Too Many Requests", "text/plain"),
        Trouble.Unauthorized => Answer.Of(401, "<html><body>401 Unauthorized</body></html>", "text/html").With("WWW-Authenticate", "Basic realm=\"fscmRestApi\""),
        Trouble.Unavailable => Answer.Of(503, "Service Unavailable", "text/plain"),
        Trouble.Maintenance => Answer.Of(503, "<html><body>The application is undergoing maintenance.</body></html>", "text/html"),
        Trouble.BadContent => Answer.Of(400, detail ?? "Bad Request", "text/plain;charset=utf-8"),
        Trouble.NotFound => OracleWords.Of(404, "Not Found"),
        Trouble.Changed => OracleWords.Of(412, "The resource was changed by another user."),
        Trouble.Validation => OracleWords.Refuse(_account, "The bill-to customer number is not valid.", "BillToCustomerNumber"),
        Trouble.ClosedPeriod => OracleWords.Refuse(_account, _account.ClosedPeriodText, "AccountingDate"),
        Trouble.ErrorInside200 => OracleWords.Of(400, "JBO-29000: Unexpected exception caught") with { Status = 200 },
        _ => Answer.Of(500, "Internal Server Error", "text/plain"),
    };

    internal override Answer? Token(Call call)
    {
        if (call.Path != TokenPath) return null;
        var form = call.Form();
        var known = form.GetValueOrDefault("client_id") == Options.ClientId && form.GetValueOrDefault("client_secret") == Options.ClientSecret;
        if (!known && !IsBasic(call.Header("Authorization"))) return Answer.Of(401, new JsonObject { ["error"] = "invalid_client", ["error_description"] = "Client authentication failed." });
        return Answer.Of(200, new JsonObject { ["access_token"] = Tokens.Issue(), ["token_type"] = "Bearer", ["expires_in"] = Tokens.Seconds });
    }

    internal override bool Admits(Call call) => IsBasic(call.Header("Authorization")) || Tokens.Holds(call.Header("Authorization"));

    internal override bool IsLookUp(Call call) => call.Method == "GET";

    internal override Operation Read(Call call)
    {
        if (!call.Path.StartsWith(RestPath, StringComparison.Ordinal)) throw new RefusedException(Say(Trouble.NotFound));
        var parts = call.Path[RestPath.Length..].TrimEnd('/').Split('/');
        if (parts is ["erpintegrations"] && call.Method is "GET" or "POST") return _jobs.Read(call);
        if (parts[0] == "journalBatches" && call.Method == "GET") return ReadBatches(call, parts);
        if (!OracleReceivables.IsResource(parts[0])) throw new RefusedException(Say(Trouble.NotFound));
        switch (call.Method, parts.Length)
        {
            case ("POST", 1):
                var body = call.Json();
                return new Operation(true, parts[0], [OracleReceivables.KeyOf(parts[0], body) ?? ""], _ => _receivables.Create(parts[0], body));
            case ("GET", 1): return Search(call, parts[0]);
            case ("GET", 2): return new Operation(false, parts[0], [], _ => Journal.Get(parts[1]) is { } record && record.Type == parts[0] ? Answer.Of(200, _receivables.Show(record), OracleWords.Item) : Say(Trouble.NotFound));
            default: throw new RefusedException(Answer.Of(400, $"Invalid operation {(call.Method == "DELETE" ? "delete" : "update")} for the specified resource.", "text/plain;charset=utf-8"));
        }
    }

    // An import that was unbalanced stays unposted for ever.
    internal override string? WhyNotPosted(SimulatedRecord record) => record.Field("unbalanced") == "true" ? "unbalanced" : base.WhyNotPosted(record);

    /// <summary>The posting job, within an operation.</summary>
    internal void PostAll()
    {
        foreach (var record in Journal.Unposted().Where(r => WhyNotPosted(r) is null && Faults.OfRecord(SimulatorFault.PostingStuck, r.Type, r.Key) is null))
            Commit(record with { Event = RecordEvent.Posted, By = RecordEvent.Batch, Posted = true });
    }

    internal string NextId() => (FirstId + Journal.Created + 1).ToString(CultureInfo.InvariantCulture);

    internal string Place(string resource, string id) => new Uri(Address, $"{RestPath}{resource}/{id}").ToString();

    Operation Search(Call call, string resource)
    {
        var conditions = OracleQuery.Parse(call.Argument("q"));
        var field = resource == OracleReceivables.Receipts ? "ReceiptNumber" : "TransactionNumber";
        var keys = conditions[field].Concat(conditions["CrossReference"]).ToList();
        if (keys.Count == 0) throw new RefusedException(OracleWords.Of(400, $"The simulator searches by {field} or CrossReference.", "q"));
        return new Operation(false, resource, keys, _ =>
        {
            var found = Found(resource, field, conditions).Where(IsVisible).Select(_receivables.Show).ToList();
            return OracleQuery.Page(call, found);
        });
    }

    IEnumerable<SimulatedRecord> Found(string resource, string field, ILookup<string, string> conditions)
    {
        var byNumber = conditions[field].Distinct().SelectMany(key => Journal.FindAll(resource, key)).Where(r => conditions[field].Contains(r.Number));
        return conditions.Contains("CrossReference")
            ? conditions["CrossReference"].Distinct().SelectMany(key => Journal.FindAll(resource, DocumentKeys.In(key)!)).Where(r => conditions["CrossReference"].Contains(r.Field("CrossReference")))
            : byNumber;
    }

    /// <summary>Batches of journals: one record here is one journal; a batch has those of its name.</summary>
    Operation ReadBatches(Call call, string[] parts)
    {
        if (parts.Length > 1) return new Operation(false, "journal", [], _ => Children(call, parts));
        var conditions = OracleQuery.Parse(call.Argument("q"));
        var keys = conditions["BatchName"].Concat(conditions["Name"]).Concat(conditions["JournalName"]).Select(n => DocumentKeys.In(n)!).Distinct().ToList();
        if (keys.Count == 0) throw new RefusedException(OracleWords.Of(400, "The simulator searches by BatchName or JournalName.", "q"));
        return new Operation(false, "journal", keys, _ => OracleQuery.Page(call, [.. keys.SelectMany(k => Journal.FindAll("journal", k)).Where(IsVisible).Select(ShowBatch)]));
    }

    Answer Children(Call call, string[] parts)
    {
        if (Journal.Get(parts[1]) is not { Type: "journal" } record) return Say(Trouble.NotFound);
        if (parts.Length == 2) return Answer.Of(200, ShowBatch(record), OracleWords.Item);
        if (parts is [_, _, "child", "journalHeaders"]) return OracleQuery.Page(call, [ShowJournal(record)]);
        return parts is [_, _, "child", "journalHeaders", _, "child", "journalLines"] ? OracleQuery.Page(call, [.. record.Lines.Select(ShowLine)]) : Say(Trouble.NotFound);
    }

    JsonObject ShowBatch(SimulatedRecord record) => new()
    {
        ["JeBatchId"] = long.Parse(record.Id, CultureInfo.InvariantCulture), ["BatchName"] = record.Field("batch"), ["Status"] = record.Posted ? "P" : "U", ["StatusMeaning"] = record.Posted ? "Posted" : "Unposted", ["ActualFlag"] = "A",
        ["RunningTotalDr"] = Answer.Number(record.Amount), ["RunningTotalCr"] = Answer.Number(Credits(record)), ["UserJeSourceName"] = record.Field("source"),
        ["journalHeaders"] = new JsonArray(ShowJournal(record)), ["links"] = OracleWords.Links(Place("journalBatches", record.Id)),
    };

    static JsonObject ShowJournal(SimulatedRecord record) => new()
    {
        ["JeHeaderId"] = long.Parse(record.Id, CultureInfo.InvariantCulture), ["JournalName"] = record.Number, ["CurrencyCode"] = record.Currency, ["LedgerId"] = record.Company, ["DefaultEffectiveDate"] = record.Date, ["Status"] = record.Posted ? "P" : "U",
        ["RunningTotalDr"] = Answer.Number(record.Amount), ["RunningTotalCr"] = Answer.Number(Credits(record)), ["UserJeCategoryName"] = record.Field("category"), ["journalLines"] = new JsonArray([.. record.Lines.Select(ShowLine)]),
    };

    static JsonObject ShowLine(SimulatedLine line, int place) => new()
    {
        ["JeLineNumber"] = place + 1, ["AccountCombination"] = line.Account, ["EnteredDr"] = Answer.Number(line.Debit), ["EnteredCr"] = Answer.Number(line.Credit), ["Description"] = line.Text,
    };

    static string Credits(SimulatedRecord record) => record.Lines.Aggregate(Schemas.ExactDecimal.Zero, (sum, l) => sum + Schemas.ExactDecimal.Parse(l.Credit)).ToString();

    bool IsBasic(string? header) =>
        AuthenticationHeaderValue.TryParse(header, out var value) && value.Scheme == "Basic" && value.Parameter == Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Options.ClientId}:{Options.ClientSecret}"));
}
