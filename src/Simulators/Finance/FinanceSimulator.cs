using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>
/// A Dynamics 365 Finance environment: general journals, customer payment journals and free-text invoices by OData and $batch, journals by data packages, the
/// posting job that comes later, companies, both ways of throttling.
/// </summary>
public sealed partial class FinanceSimulator : SimulatedErp
{
    const string Data = "/data/";

    readonly FinanceSetup _account;
    readonly List<SimulatedRecord> _before = [];
    readonly FinanceRecords _records;
    readonly FinanceBatch _batch;
    readonly FinanceImport _import;
    readonly Lock _throttle = new();
    DateTimeOffset _throttledUntil;
    int _retryAfter;

    FinanceSimulator(SimulatorOptions options, FinanceSetup account, TimeProvider? time) : base(options, account.Throttling == FinanceThrottling.UserBased
        ? new QuotaLimits(52, 0, TimeSpan.Zero, 6000, TimeSpan.FromSeconds(300)) : new QuotaLimits(null, 0, TimeSpan.Zero, null, TimeSpan.FromSeconds(300)), time)
    {
        _account = account;
        Work = new Workspace(this);
        _records = new FinanceRecords(this, account);
        _batch = new FinanceBatch(this, account);
        _import = new FinanceImport(this, account, _records);
        foreach (var note in _before) _import.Restore(note);
        _before.Clear();
    }

    [GeneratedRegex(@"^(?<set>\w+)(\((?<key>[^)]*)\))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Entity();

    [GeneratedRegex(@"(?<field>\w+)\s*=\s*(?:'(?<value>[^']*)'|(?<value>[^,]+))", RegexOptions.CultureInvariant)]
    private static partial Regex KeyPart();

    public override string Erp => "d365fo";

    /// <summary>Starts it; the answer comes when it can be called.</summary>
    public static async Task<FinanceSimulator> StartAsync(SimulatorOptions options, FinanceSetup? account = null, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var simulator = new FinanceSimulator(options, account ?? new FinanceSetup(), time);
        await simulator.ListenAsync(cancel);
        return simulator;
    }

    internal Workspace Work { get; }

    /// <summary>Grows while the caller does not keep it.</summary>
    internal override string? RetryAfter()
    {
        lock (_throttle)
        {
            var now = Time.GetUtcNow();
            _retryAfter = now < _throttledUntil ? Math.Min(_retryAfter * 2, _account.LargestRetryAfter) : _account.FirstRetryAfter;
            _throttledUntil = now.AddSeconds(_retryAfter);
            return _retryAfter.ToString(CultureInfo.InvariantCulture);
        }
    }

    internal override Answer? Penalty()
    {
        lock (_throttle)
        {
            if (_account.Throttling != FinanceThrottling.ResourceBased || Time.GetUtcNow() >= _throttledUntil) return null;
        }
        return Say(Trouble.Throttled).With("Retry-After", RetryAfter());
    }

    internal override bool IsOutsideLimits(Call call) => FinanceImport.Takes(call);

    internal override void Restore(SimulatedRecord record)
    {
        if (record.Event == RecordEvent.Note) _before.Add(record);
    }

    internal override void Started()
    {
        if (_account.PostingInterval is { } interval) Later(interval, PostAsync);
    }

    internal override Answer? Token(Call call) => EntraTokens.Answer(call, Options, Tokens, scope => scope?.EndsWith("/.default", StringComparison.Ordinal) ?? false);

    internal override bool Admits(Call call) => FinanceImport.IsBlob(call) || (_account.IsMapped && Tokens.Holds(call.Header("Authorization")));

    internal override Answer Say(Trouble trouble, string? detail = null) => trouble switch
    {
        Trouble.Throttled => FinanceWords.Error(429, "", _account.Throttling == FinanceThrottling.UserBased
            ? "Number of requests exeeded the limit of 6000 over the time window of 300 seconds."
            : "This request could not be processed at this time due to system experiencing high resource utilization."),
        Trouble.TooManyAtOnce => FinanceWords.Error(429, "", _account.Throttling == FinanceThrottling.UserBased ? "Number of concurrent requests exceeded the limit of 52." : "This request could not be processed at this time due to system experiencing high resource utilization.").With("Retry-After", RetryAfter()),
        Trouble.Unauthorized => FinanceWords.Error(401, "", "Authorization has been denied for this request."),
        Trouble.Unavailable or Trouble.Maintenance or Trouble.WaitedTooLong => Answer.Of(503, "<html><body><h1>Service Unavailable</h1></body></html>", "text/html"),
        Trouble.Changed => FinanceWords.Infolog("LedgerJournalHeaderEntity", "Cannot edit a record in Ledger journal table (LedgerJournalTable). An update conflict occurred due to another user process deleting the record or changing one or more fields in the record", 500),
        Trouble.BadContent => FinanceWords.Error(400, "", "An error has occurred.", detail ?? "The request is invalid."),
        Trouble.NotFound => FinanceWords.Error(404, "", "No HTTP resource was found that matches the request URI."),
        Trouble.Validation => FinanceWords.Infolog("LedgerJournalLineEntity", "Main account 0 does not exist."),
        Trouble.ClosedPeriod => FinanceWords.Infolog("LedgerJournalLineEntity", FinanceWords.ClosedPeriod(_account, "2026-07-31")),
        Trouble.ErrorInside200 => FinanceWords.Error(200, "", "An error has occurred.", "Infolog: Error: Update has been canceled.."),
        _ => FinanceWords.Error(500, "", "An error has occurred."),
    };

    internal override Operation Read(Call call)
    {
        if (FinanceImport.Takes(call)) return _import.Read(call);
        if (!call.Path.StartsWith(Data, StringComparison.Ordinal)) throw new RefusedException(Say(Trouble.NotFound));
        var rest = call.Path[Data.Length..].TrimEnd('/');
        if (rest == "$batch" && call.Method == "POST") return _batch.Read(call);
        var entity = Entity().Match(rest);
        var set = entity.Groups["set"].Value;
        if (!entity.Success || !(FinanceRecords.IsHeader(set) || FinanceRecords.IsLine(set))) throw new RefusedException(Say(Trouble.NotFound));
        return entity.Groups["key"].Success ? ReadOne(call, set, entity.Groups["key"].Value) : call.Method == "POST" ? ReadCreate(call, set) : Query(call, set);
    }

    // Not what is incomplete, does not balance or lies in a period that is not open: such records simply stay unposted.
    internal override string? WhyNotPosted(SimulatedRecord record)
    {
        if (record.Lines.Count == 0 || record.Date is null) return "incomplete";
        var balance = record.Lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Debit) - ExactDecimal.Parse(l.Credit));
        if (record.Type != FinanceRecords.Invoices && balance != ExactDecimal.Zero) return "does not balance";
        return base.WhyNotPosted(record);
    }

    internal override SimulatedRecord AsPosted(SimulatedRecord record)
    {
        if (record.Type != FinanceRecords.Invoices) return record;
        var total = record.Lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse(l.Credit) - ExactDecimal.Parse(l.Debit));
        var receivable = total < ExactDecimal.Zero ? new SimulatedLine("receivable", "0", (-total).ToString()) : new SimulatedLine("receivable", total.ToString(), "0");
        return record with { Number = $"FTI-{record.Id[^8..]}", Lines = [.. record.Lines, receivable] };
    }

    /// <summary>A part of a batch: its own faults are those armed for inner parts.</summary>
    internal Answer Inner(Call call)
    {
        try
        {
            var operation = Read(call);
            return FaultOfPart(operation) ?? operation.Apply(null);
        }
        catch (RefusedException e)
        {
            return e.Answer;
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or OverflowException)
        {
            return Say(Trouble.BadContent, e.Message);
        }
    }

    internal string Place(string set, SimulatedRecord record) =>
        new Uri(Address, set == FinanceRecords.Invoices ? $"{Data}{set}(dataAreaId='{record.Company}',InvoiceIdentifier={record.Id})" : $"{Data}{set}(dataAreaId='{record.Company}',JournalBatchNumber='{record.Id}')").ToString();

    /// <summary>The document key that a call's body shows.</summary>
    internal static string? KeyOf(Call call)
    {
        var set = call.Path.StartsWith(Data, StringComparison.Ordinal) ? call.Path[Data.Length..] : "";
        return call.Method == "POST" && (FinanceRecords.IsHeader(set) || FinanceRecords.IsLine(set)) ? FinanceRecords.KeyOf(set, call.Json()) : null;
    }

    async Task PostAsync()
    {
        await RunPostingAsync();
        Later(_account.PostingInterval!.Value, PostAsync);
    }

    Operation ReadCreate(Call call, string set)
    {
        var body = call.Json();
        var keys = FinanceRecords.KeyOf(set, body) is { } key ? new[] { key } : [];
        return new Operation(true, set, keys, _ => FinanceRecords.IsHeader(set) ? _records.CreateHeader(set, body) : _records.CreateLine(set, body));
    }

    Operation ReadOne(Call call, string set, string key)
    {
        var parts = KeyPart().Matches(key).ToDictionary(m => m.Groups["field"].Value, m => m.Groups["value"].Value);
        if (!parts.ContainsKey("dataAreaId") || !FinanceRecords.IsHeader(set)) throw new RefusedException(Say(Trouble.NotFound));
        var id = parts.GetValueOrDefault("JournalBatchNumber") ?? parts.GetValueOrDefault("InvoiceIdentifier") ?? "";
        var company = parts["dataAreaId"];
        return call.Method switch
        {
            "GET" => new Operation(false, set, [], _ => Named(set, company, id) is { } record && Sees(call, record) && IsVisible(record) ? Answer.Of(200, _records.ShowHeader(record, context: true), FinanceWords.Json) : Say(Trouble.NotFound)),
            "DELETE" => new Operation(true, set, [], _ => Delete(call, set, company, id)),
            _ => throw new RefusedException(FinanceWords.Error(405, "", $"{call.Method} is not simulated.")),
        };
    }

    Answer Delete(Call call, string set, string company, string id)
    {
        if (Named(set, company, id) is not { } record) return Say(Trouble.NotFound);
        if (call.Header("If-Match") is { } tag && tag != "*" && tag != FinanceWords.Tag(record)) return FinanceWords.Error(412, "", "The record was changed.");
        if (record.Posted) return FinanceWords.Infolog(FinanceRecords.Entity(set), "A posted journal cannot be deleted.");
        if (record.Lines.Count > 0) return FinanceWords.Infolog(FinanceRecords.Entity(set), "Cannot delete a record while dependent Journal lines exist.");
        Work.Put(record with { Event = RecordEvent.Deleted });
        return new Answer(204);
    }

    SimulatedRecord? Named(string set, string company, string id) => Work.Get(id) is { } record && record.Type == set && record.Company!.Equals(company, StringComparison.OrdinalIgnoreCase) ? record : null;

    // Without cross-company a query sees the user's own company only, and says nothing of it.
    bool Sees(Call call, SimulatedRecord record) => call.Argument("cross-company") == "true" || record.Company!.Equals(_account.DefaultCompany, StringComparison.OrdinalIgnoreCase);

    Operation Query(Call call, string set)
    {
        if (call.Method != "GET") throw new RefusedException(FinanceWords.Error(405, "", $"{call.Method} is not allowed."));
        var filter = new ODataFilter(call.Argument("$filter"));
        var header = FinanceRecords.IsHeader(set) ? set : FinanceRecords.HeaderOf(set);
        var self = new Uri(Address, call.Path).ToString();
        return new Operation(false, set, filter.Literals, _ =>
        {
            var records = Candidates(header, filter).Where(r => Sees(call, r) && IsVisible(r));
            var rows = header == set ? records.Select(r => _records.ShowHeader(r)) : records.SelectMany(r => _records.ShowLines(r, set));
            return ODataFilter.Page(call, new Uri(Address, $"{Data}$metadata#{set}").ToString(), self, rows.Where(filter.Fits), _account.PageLimit);
        });
    }

    IEnumerable<SimulatedRecord> Candidates(string set, ODataFilter filter)
    {
        var found = filter.Literals.Distinct().SelectMany(l => Work.Get(l) is { } record && record.Type == set ? [record] : Work.FindAll(set, l)).DistinctBy(r => r.Id).ToList();
        return found.Count > 0 || filter.Literals.Any(l => DocumentKeys.In(l) is { Length: 16 }) ? found : Journal.Records.Where(r => r.Type == set);
    }
}
