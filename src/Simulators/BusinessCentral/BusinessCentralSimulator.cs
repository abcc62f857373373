using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Streams.Simulators;

/// <summary>
/// A Business Central environment: sales invoices and credit memos, general and payment journals with the action that posts them, ledger entries, JSON batches
/// with and without a transaction, and the limits of a user: five at a time, ninety-five waiting, 6000 in five minutes.
/// </summary>
public sealed partial class BusinessCentralSimulator : SimulatedErp
{
    internal const string Json = "application/json; odata.metadata=minimal";
    const int Slots = 5, RequestsOfWindow = 6000;
    const string Scope = "https://api.businesscentral.dynamics.com/.default";

    readonly BusinessCentralSetup _account;
    readonly List<SimulatedRecord> _before = [];
    readonly Dictionary<string, string> _invoices = [];
    readonly BusinessCentralSales _sales;
    readonly BusinessCentralJournals _journals;
    readonly BusinessCentralBatch _batch;

    BusinessCentralSimulator(SimulatorOptions options, BusinessCentralSetup account, TimeProvider? time)
        : base(options, new QuotaLimits(Slots, account.Queue, account.QueueTime, RequestsOfWindow, TimeSpan.FromMinutes(5)), time)
    {
        _account = account;
        Work = new Workspace(this);
        _sales = new BusinessCentralSales(this, account);
        _journals = new BusinessCentralJournals(this, account);
        _batch = new BusinessCentralBatch(this, account);
        foreach (var record in _before) _journals.Restore(record);
        _before.Clear();
    }

    [GeneratedRegex(@"^(?<root>/v2\.0/[^/]+/[^/]+/api/v2\.0/)(?<rest>.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Path();

    [GeneratedRegex(@"^companies\((?<company>[^)]+)\)/(?<set>\w+)(\((?<id>[^)]+)\))?(/(?<part>[\w.]+))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Entity();

    public override string Erp => "businesscentral";

    /// <summary>Starts it; the answer comes when it can be called.</summary>
    public static async Task<BusinessCentralSimulator> StartAsync(SimulatorOptions options, BusinessCentralSetup? account = null, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var simulator = new BusinessCentralSimulator(options, account ?? new BusinessCentralSetup(), time);
        await simulator.ListenAsync(cancel);
        return simulator;
    }

    internal Workspace Work { get; }

    internal override string? RetryAfter() => (Quota.RetryAfter.Ticks / TimeSpan.TicksPerSecond).ToString(CultureInfo.InvariantCulture);

    internal override (TimeSpan Limit, Trouble Says)? RunLimit => (_account.RunLimit, Trouble.RanTooLong);

    internal override void Restore(SimulatedRecord record)
    {
        Index(record);
        if (record.Event == RecordEvent.Note || record.Field("journal") is not null) _before.Add(record with { Lines = [] });
    }

    internal override Answer? Token(Call call) => EntraTokens.Answer(call, Options, Tokens, scope => scope == Scope);

    internal override bool Admits(Call call) => Tokens.Holds(call.Header("Authorization"));

    // A draft waits for its own action; no job posts it.
    internal override string? WhyNotPosted(SimulatedRecord record) => "posted by its action only";

    internal override Answer Say(Trouble trouble, string? detail = null) => trouble switch
    {
        Trouble.Throttled => Refuse(429, "Application_TooManyRequests", "Too many requests reached. Actual (6001). Maximum (6000)."),
        Trouble.TooManyAtOnce => Refuse(429, "Application_TooManyRequests", "Too many concurrent requests: the maximum number of connections is reached."),
        Trouble.WaitedTooLong or Trouble.Unavailable => Refuse(503, "Service_Unavailable", "The request waited too long in the queue."),
        Trouble.Maintenance => Refuse(503, "Service_Unavailable", "The environment is being updated."),
        Trouble.RanTooLong => Refuse(408, "Application_Timeout", "The operation took too long and was cancelled."),
        Trouble.Unauthorized => Refuse(401, "Authentication_InvalidCredentials", "The server has rejected the client credentials."),
        Trouble.Changed => Refuse(409, "Request_EntityChanged", "Another user has already changed the record."),
        Trouble.BadContent => Refuse(400, "BadRequest", detail ?? "Invalid JSON."),
        Trouble.NotFound => Refuse(404, "Internal_RecordNotFound", "The record could not be found."),
        Trouble.Validation => Refuse(400, "Application_FieldValidationException", "The field does not hold a valid value."),
        Trouble.ClosedPeriod => Refuse(400, "Application_DialogException", _account.ClosedPeriodText),
        Trouble.ErrorInside200 => Refuse(200, "Unknown", "An unexpected error occurred."),
        _ => Refuse(500, "Unknown", "An unexpected error occurred."),
    };

    internal override Operation Read(Call call)
    {
        var path = Path().Match(call.Path);
        if (!path.Success) throw new RefusedException(Say(Trouble.NotFound));
        var (root, rest) = (path.Groups["root"].Value, path.Groups["rest"].Value.TrimEnd('/'));
        if (rest == "$batch" && call.Method == "POST") return _batch.Read(call, root);
        if (rest == "companies") return new Operation(false, "companies", [], _ => Answer.Of(200, new JsonObject { ["value"] = new JsonArray([.. (_account.Companies ?? new Dictionary<string, string>()).Select(c => new JsonObject { ["id"] = c.Key, ["name"] = c.Value })]) }, Json));
        var entity = Entity().Match(rest);
        if (!entity.Success) throw new RefusedException(Say(Trouble.NotFound));
        var company = entity.Groups["company"].Value;
        if (_account.Companies is { } known && !known.ContainsKey(company)) throw new RefusedException(Refuse(404, "Internal_CompanyNotFound", $"Cannot find company {company}."));
        return ReadEntity(call, company, entity.Groups["set"].Value, entity.Groups["id"].Success ? entity.Groups["id"].Value.Trim('\'') : null, entity.Groups["part"].Success ? entity.Groups["part"].Value : null);
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
        catch (Exception e) when (e is System.Text.Json.JsonException or FormatException or InvalidOperationException or KeyNotFoundException or OverflowException)
        {
            return Say(Trouble.BadContent, e.Message);
        }
    }

    internal Answer Refuse(string code, string text) => Refuse(400, code, text);

    /// <summary>A new id, the same in every run of the same calls.</summary>
    internal string NewId(int salt = -1)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(Encoding.ASCII.GetBytes($"{Options.Seed}|{Work.Created}|{salt}"), hash);
        return new Guid(hash[..16]).ToString();
    }

    internal bool IsPostedInvoice(string number, string customer) => _invoices.TryGetValue(number, out var id) && Work.Get(id) is { Posted: true } invoice && invoice.Party == customer;

    internal static string Tag(SimulatedRecord record) => $"W/\"JzQ0O{record.Id[..8]};{record.Lines.Count}{(record.Posted ? 1 : 0)}'\"";

    Operation ReadEntity(Call call, string company, string set, string? id, string? part)
    {
        if (set is BusinessCentralSales.Invoices or BusinessCentralSales.CreditMemos) return ReadSales(call, company, set, id, part);
        if (BusinessCentralJournals.IsSet(set)) return ReadJournals(call, company, set, id, part);
        if (set == "generalLedgerEntries" && call.Method == "GET") return Query(call, set, f => f.Literals.SelectMany(PostedDocuments).SelectMany(BusinessCentralJournals.Entries));
        throw new RefusedException(Say(Trouble.NotFound));
    }

    Operation ReadSales(Call call, string company, string set, string? id, string? part)
    {
        var body = call.Method is "POST" && !call.Body.IsEmpty ? call.Json() : default;
        var key = body.Str("externalDocumentNumber");
        return (call.Method, id, part) switch
        {
            ("POST", null, null) => new Operation(true, set, [key ?? ""], _ => _sales.Create(company, set, body)),
            ("GET", null, null) => Query(call, set, f => Candidates(set, f).Where(r => r.Company == company).Select(r => _sales.Show(r, call.Argument("$expand") is not null))),
            ("GET", not null, null) => new Operation(false, set, [], _ => Find(set, id) is { } record ? Answer.Of(200, _sales.Show(record, call.Argument("$expand") is not null), Json) : Say(Trouble.NotFound)),
            ("DELETE", not null, null) => Change(call, set, id, record => record.Posted ? Refuse("Application_DialogException", "A posted document cannot be deleted.") : Delete(record)),
            ("POST", not null, "Microsoft.NAV.post") => Change(call, set, id, Posted),
            ("POST", not null, "Microsoft.NAV.cancel") => Change(call, set, id, _sales.Cancel),
            ("POST", not null, _) when part == BusinessCentralSales.LinesOf(set) => Change(call, set, id, record => _sales.AddLine(record, body)),
            ("GET", not null, _) when part == BusinessCentralSales.LinesOf(set) => Query(call, set, _ => Find(set, id) is { } record ? Enumerable.Range(0, record.Lines.Count).Where(i => record.Lines[i].Account != "receivable").Select(i => BusinessCentralSales.ShowLine(record, i)) : []),
            _ => throw new RefusedException(Refuse(405, "BadRequest_MethodNotAllowed", $"{call.Method} is not allowed here.")),
        };
    }

    Operation ReadJournals(Call call, string company, string set, string? id, string? part)
    {
        var body = call.Method is "POST" && !call.Body.IsEmpty ? call.Json() : default;
        var keys = new[] { body.Str("externalDocumentNumber") ?? body.Str("documentNumber") ?? body.Str("code") }.OfType<string>().ToList();
        return (call.Method, id, part) switch
        {
            ("POST", null, null) => new Operation(true, set, keys, _ => _journals.Create(company, set, body)),
            ("GET", null, null) => Query(call, set, _ => _journals.List(company, set)),
            ("GET", not null, null) => new Operation(false, set, [], _ => _journals.Get(id)),
            ("DELETE", not null, null) => new Operation(true, set, [], _ => _journals.Delete(id)),
            ("POST", not null, "Microsoft.NAV.post") => new Operation(true, set, [], _ => _journals.Post(id)),
            ("POST", not null, _) when part == BusinessCentralJournals.LinesOf(set) => new Operation(true, set, keys, _ => _journals.AddLine(id, body)),
            ("GET", not null, _) when part == BusinessCentralJournals.LinesOf(set) => Query(call, set, _ => _journals.Lines(id)),
            _ => throw new RefusedException(Refuse(405, "BadRequest_MethodNotAllowed", $"{call.Method} is not allowed here.")),
        };
    }

    Operation Query(Call call, string set, Func<ODataFilter, IEnumerable<JsonObject>> rows)
    {
        if (call.Argument("$top") is { } top && int.Parse(top, NumberStyles.None, CultureInfo.InvariantCulture) > _account.PageLimit)
            throw new RefusedException(Refuse(413, "Request_EntityTooLarge", $"More than {_account.PageLimit} entities were asked for."));
        var filter = new ODataFilter(call.Argument("$filter"));
        var self = new Uri(Address, call.Path).ToString();
        return new Operation(false, set, filter.Literals, _ => ODataFilter.Page(call, $"{self}$metadata", self, rows(filter).Where(filter.Fits), _account.PageLimit));
    }

    Operation Change(Call call, string set, string id, Func<SimulatedRecord, Answer> change) => new(true, set, Journal.Get(id)?.Key is { } key ? [key] : [], _ =>
    {
        if (Find(set, id) is not { } record) return Say(Trouble.NotFound);
        return call.Header("If-Match") is { } tag && tag != "*" && tag != Tag(record) ? Say(Trouble.Changed) : change(record);
    });

    Answer Posted(SimulatedRecord record)
    {
        var answer = _sales.Post(record);
        if (answer.Status < 300 && Work.Get(record.Id) is { } posted) Index(posted);
        return answer;
    }

    Answer Delete(SimulatedRecord record)
    {
        Work.Put(record with { Event = RecordEvent.Deleted });
        return new Answer(204);
    }

    SimulatedRecord? Find(string set, string id) => Work.Get(id) is { } record && record.Type == set ? record : null;

    IEnumerable<SimulatedRecord> Candidates(string set, ODataFilter filter) =>
        filter.Literals.Count == 0 ? Journal.Records.Where(r => r.Type == set)
            : filter.Literals.Distinct().SelectMany(l => _invoices.TryGetValue(l, out var id) && Find(set, id) is { } record ? [record] : Work.FindAll(set, l)).Where(IsVisible);

    IEnumerable<SimulatedRecord> PostedDocuments(string key) =>
        Work.FindAll("journalLines", key).Concat(Work.FindAll("customerPayments", key)).Where(r => r.Posted && IsVisible(r));

    void Index(SimulatedRecord record)
    {
        if (record.Type == BusinessCentralSales.Invoices && record.Posted) _invoices[record.Number!] = record.Id;
    }

    static Answer Refuse(int status, string code, string text) =>
        Answer.Of(status, new JsonObject { ["error"] = new JsonObject { ["code"] = code, ["message"] = $"{text}  CorrelationId:  {new Guid(BinaryPrimitives.ReverseEndianness(text.Length), 0, 0, new byte[8])}." } }, Json);
}
