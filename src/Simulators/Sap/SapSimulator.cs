using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;

namespace Streams.Simulators;

/// <summary>
/// An S/4HANA Cloud tenant: Journal Entry Post by SOAP, synchronous (200 with a log for each entry) and asynchronous (202, confirmation sent or lost), clearing,
/// message UUIDs that repeat their first answer within a window, OData to read back, CSRF tokens. It takes a second document of a reference without a word.
/// </summary>
public sealed class SapSimulator : SimulatedErp
{
    public const string SoapPath = "/sap/bc/srt/scs_ext/sap/journalentrycreaterequestconfi";
    public const string BulkPath = "/sap/bc/srt/scs_ext/sap/journalentrybulkcreationreques";
    public const string ClearingPath = "/sap/bc/srt/scs_ext/sap/journalentrybulkclearingreques";
    public const string ItemsPath = "/sap/opu/odata/sap/API_JOURNALENTRYITEMBASIC_SRV/A_JournalEntryItemBasic";
    const string ODataPath = "/sap/opu/odata/";
    const string TokenPath = "/sap/bc/sec/oauth2/token";
    const string MonitorPath = "/simulated/sap/messages/";
    static readonly TimeSpan ConfirmationPatience = TimeSpan.FromSeconds(10);

    readonly Dictionary<string, (DateTimeOffset At, Answer Answer)> _answers = [];
    readonly Dictionary<string, string> _messages = [];
    readonly Dictionary<string, int> _numbers = [];
    readonly HashSet<string> _sessions = [];
    readonly SapRules _rules;
    readonly SapOData _odata;
    readonly HttpClient _outbound = new() { Timeout = ConfirmationPatience };

    SapSimulator(SimulatorOptions options, SapSetup account, TimeProvider? time) : base(options, new QuotaLimits(null, 0, TimeSpan.Zero, null, TimeSpan.FromSeconds(1)), time)
    {
        Account = account;
        _rules = new SapRules(this, account);
        _odata = new SapOData(this);
    }

    public override string Erp => "s4hana";

    /// <summary>Starts it; the answer comes when it can be called.</summary>
    public static async Task<SapSimulator> StartAsync(SimulatorOptions options, SapSetup? account = null, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var simulator = new SapSimulator(options, account ?? new SapSetup(), time);
        await simulator.ListenAsync(cancel);
        return simulator;
    }

    internal SapSetup Account { get; }

    internal override string? RetryAfter() => Account.RetryAfter;

    internal override Answer Say(Trouble trouble, string? detail = null) => trouble switch
    {
        Trouble.Throttled or Trouble.TooManyAtOnce => Answer.Of(429, "<html><body><h1>429 Too Many Requests</h1></body></html>", "text/html").With("Retry-After", RetryAfter()),
        Trouble.Unauthorized => Answer.Of(401, "<html><head><title>Logon Error Message</title></head><body><h1>Anmeldung fehlgeschlagen / Logon failed</h1></body></html>", "text/html").With("WWW-Authenticate", "Basic realm=\"SAP NetWeaver Application Server\""),
        Trouble.Unavailable or Trouble.Maintenance or Trouble.WaitedTooLong => Answer.Of(503, "<html><body><h1>503 Service Unavailable</h1></body></html>", "text/html"),
        Trouble.NotFound => SapOData.Error(404, "005056A509B11EE1B9A8FEC11C21578E", "Resource not found"),
        Trouble.BadContent => SapXml.Fault(500, "Client", $"Deserialization failed: {detail}"),
        Trouble.Changed => One(new SapMessage("462(F5)", 3, "The account is currently locked by another user")),
        Trouble.Validation => One(new SapMessage("102(F5)", 3, "Customer 2 is not defined in company code 1710")),
        Trouble.ClosedPeriod => One(new SapMessage("201(F5)", 3, "Posting period 007 2026 is not open for account type S")),
        Trouble.ErrorInside200 => SapXml.Fault(500, "Server", "Web service processing error") with { Status = 200 },
        _ => SapXml.Fault(500, "Server", "Web service processing error; more details in the web service error log on provider side"),
    };

    internal override Answer? Token(Call call)
    {
        if (call.Path != TokenPath) return null;
        var form = call.Form();
        var known = form.GetValueOrDefault("client_id") == Options.ClientId && form.GetValueOrDefault("client_secret") == Options.ClientSecret;
        if (!known && !IsBasic(call.Header("Authorization"))) return Answer.Of(401, new JsonObject { ["error"] = "invalid_client" });
        return Answer.Of(200, new JsonObject { ["access_token"] = Tokens.Issue(), ["token_type"] = "Bearer", ["expires_in"] = Tokens.Seconds });
    }

    internal override bool Admits(Call call) => IsBasic(call.Header("Authorization")) || Tokens.Holds(call.Header("Authorization"));

    internal override Operation Read(Call call)
    {
        if (call.Path.StartsWith(MonitorPath, StringComparison.Ordinal)) return new Operation(false, "monitor", [], _ => Monitor(call.Path[MonitorPath.Length..]));
        if (call.Path.StartsWith(ODataPath, StringComparison.Ordinal)) return ReadOData(call);
        if (call.Method != "POST") throw new RefusedException(Say(Trouble.NotFound));
        if (call.Path is SoapPath or BulkPath) return ReadEntries(call);
        if (call.Path == ClearingPath) return ReadClearing(call);
        throw new RefusedException(Say(Trouble.NotFound));
    }

    internal override void Restore(SimulatedRecord record)
    {
        if (record.Event == RecordEvent.Note)
        {
            if (record.Type == "answer") _answers[record.Id] = (DateTimeOffset.Parse(record.At, CultureInfo.InvariantCulture), Answer.Of(200, record.Fields["body"], SapXml.ContentType));
            else if (record.Type == "message") _messages[record.Id] = record.Fields["confirmation"];
            return;
        }
        if (record.Event != RecordEvent.Created || record.Number is null) return;
        var range = Range(record.Company!, record.Field("fiscalYear")!);
        _numbers[range] = Math.Max(_numbers.GetValueOrDefault(range), int.Parse(record.Number, NumberStyles.None, CultureInfo.InvariantCulture) - 100_000_000);
    }

    Answer One(SapMessage message) => SapXml.Wrap(SapXml.Confirmation("JournalEntryBulkCreateConfirmation", null,
        [new SapOutcome(null, null, [Failed, message])], Time.GetUtcNow()));

    SapMessage Failed => new("609(RW)", 3, $"Error in document: BKPFF $ {Account.LogicalSystem}");

    Operation ReadEntries(Call call)
    {
        var request = Body(call);
        if (request.Name.LocalName is not ("JournalEntryBulkCreateRequest" or "JournalEntryBulkCreationRequest")) throw new RefusedException(SapXml.Fault(500, "Client", $"Operation {request.Name.LocalName} is not known"));
        var entries = request.Children("JournalEntryCreateRequest").ToList();
        foreach (var entry in entries)
        {
            if (entry.Child("JournalEntry") is not { } body) throw new RefusedException(Say(Trouble.BadContent, "Element 'JournalEntry' is missing"));
            if (SapJournalEntry.SchemaError(body) is { } error) throw new RefusedException(Say(Trouble.BadContent, error));
        }
        if (entries.Count == 0) throw new RefusedException(Say(Trouble.BadContent, "Element 'JournalEntryCreateRequest' is missing"));
        var keys = entries.Select(e => e.Child("JournalEntry")!.Value("DocumentReferenceID") ?? "").ToList();
        var header = request.Child("MessageHeader");
        return new Operation(true, "JournalEntry", keys, hit => call.Path == BulkPath || call.Argument("async") == "true"
            ? Accept(header, entries, hit, "JournalEntryBulkCreateConfirmation")
            : Once(header, () => SapXml.Wrap(SapXml.Confirmation("JournalEntryBulkCreateConfirmation", header?.Value("ID"), Post(entries, hit), Time.GetUtcNow()))));
    }

    // Clearing moves no money: it says which open items belong together. A note of it is enough.
    Operation ReadClearing(Call call)
    {
        var request = Body(call);
        var header = request.Child("MessageHeader");
        var keys = request.Descendants().Where(e => e.Name.LocalName is "ReferenceDocument" or "AccountingDocument").Select(e => e.Value).ToList();
        return new Operation(true, "Clearing", keys, _ =>
        {
            Journal.Append(new SimulatedRecord { Event = RecordEvent.Note, Id = header?.Value("ID") ?? "", Type = "clearing", Fields = new Dictionary<string, string> { ["items"] = string.Join(',', keys) } });
            return new Answer(202);
        });
    }

    /// <summary>The answer that a message UUID got before, within the window; else the work, whose answer is kept.</summary>
    Answer Once(XElement? header, Func<Answer> work)
    {
        if (header?.Value("UUID") is not { } uuid) return work();
        if (_answers.TryGetValue(uuid, out var known) && Time.GetUtcNow() - known.At < Account.RepeatWindow) return known.Answer;
        var answer = work();
        _answers[uuid] = (Time.GetUtcNow(), answer);
        Journal.Append(new SimulatedRecord { Event = RecordEvent.Note, Id = uuid, Type = "answer", Fields = new Dictionary<string, string> { ["body"] = answer.Text } });
        return answer;
    }

    // Exactly once by message id; the confirmation goes out later, or gets lost.
    Answer Accept(XElement? header, List<XElement> entries, FaultHit? hit, string name)
    {
        var id = header?.Value("UUID") ?? header?.Value("ID") ?? throw new RefusedException(Say(Trouble.BadContent, "Element 'MessageHeader/ID' is missing"));
        if (!_messages.TryAdd(id, "")) return new Answer(202);
        bool Work()
        {
            var confirmation = SapXml.Text(SapXml.Confirmation(name, header?.Value("ID"), Post(entries, hit), Time.GetUtcNow()));
            _messages[id] = confirmation;
            Journal.Append(new SimulatedRecord { Event = RecordEvent.Note, Id = id, Type = "message", Fields = new Dictionary<string, string> { ["confirmation"] = confirmation } });
            if (hit?.Kind != SimulatorFault.CommitThenPendingForever && Account.ConfirmationAddress is { } address) Later(TimeSpan.Zero, () => ConfirmAsync(address, confirmation));
            return true;
        }
        if (hit?.Kind == SimulatorFault.PendingForever) return new Answer(202);
        if (Account.ProcessingTime > TimeSpan.Zero) Later(Account.ProcessingTime, () => AloneAsync(Work));
        else Work();
        return new Answer(202);
    }

    async Task ConfirmAsync(Uri address, string confirmation)
    {
        using var content = new StringContent(confirmation, Encoding.UTF8, "text/xml");
        try
        {
            using var response = await _outbound.PostAsync(address, content);
        }
        catch (HttpRequestException)
        {
            // Nobody listens: the confirmation is lost, as it would be there; the monitor still has it.
        }
    }

    List<SapOutcome> Post(List<XElement> entries, FaultHit? hit)
    {
        var outcomes = entries.Select(Post).ToList();
        if (hit?.Kind == SimulatorFault.BatchShuffled) outcomes.Reverse();
        return outcomes;
    }

    SapOutcome Post(XElement request)
    {
        var entry = request.Child("JournalEntry")!;
        var reference = request.Child("MessageHeader")?.Value("ID");
        var record = SapJournalEntry.Read(entry);
        if (Faults.OfRecord(SimulatorFault.BatchPartial, record.Type, record.Key) is not null)
        {
            Statistics.CountFault();
            return new SapOutcome(reference, null, [Failed, new SapMessage("507(F5)", 3, $"G/L account 0000000000 is not defined in chart of accounts {Account.ChartOfAccounts}")]);
        }
        if (_rules.Check(entry, record) is { Count: > 0 } errors) return new SapOutcome(reference, null, [Failed, .. errors]);
        var year = record.Field("fiscalYear")!;
        var next = _numbers[Range(record.Company!, year)] = _numbers.GetValueOrDefault(Range(record.Company!, year)) + 1;
        var number = (100_000_000 + next).ToString("D10", CultureInfo.InvariantCulture);
        var key = $"{number}{record.Company}{year}";
        var committed = Commit(record with { Id = key, Number = number });
        return new SapOutcome(reference, committed, [new SapMessage("605(RW)", 1, $"Document posted successfully: BKPFF {key} {Account.LogicalSystem}")]);
    }

    Operation ReadOData(Call call)
    {
        if (call.Method == "GET")
        {
            if (string.Equals(call.Header("X-CSRF-Token"), "fetch", StringComparison.OrdinalIgnoreCase) && !call.Path.StartsWith(ItemsPath, StringComparison.Ordinal)) return new Operation(false, "csrf", [], _ => Session(Answer.Of(200, new JsonObject { ["d"] = new JsonObject() })));
            if (call.Path != ItemsPath) throw new RefusedException(Say(Trouble.NotFound));
            var fetch = string.Equals(call.Header("X-CSRF-Token"), "fetch", StringComparison.OrdinalIgnoreCase);
            return new Operation(false, "JournalEntry", SapOData.KeysOf(call), _ => fetch ? Session(_odata.Items(call)) : _odata.Items(call));
        }
        if (!HasSession(call)) throw new RefusedException(Answer.Of(403, "CSRF token validation failed", "text/plain").With("x-csrf-token", "Required"));
        throw new RefusedException(SapOData.Error(405, "/IWFND/CM_MGW/003", "Method not allowed: the service reads only"));
    }

    // Token and cookie are a pair: one without the other is refused.
    Answer Session(Answer answer)
    {
        var session = Guid.NewGuid().ToString("N");
        _sessions.Add(session);
        return answer.With("x-csrf-token", session).With("set-cookie", $"SAP_SESSIONID_SIM_100={session}; path=/; HttpOnly");
    }

    bool HasSession(Call call) => call.Header("X-CSRF-Token") is { } token && _sessions.Contains(token) && (call.Header("Cookie")?.Contains($"SAP_SESSIONID_SIM_100={token}", StringComparison.Ordinal) ?? false);

    Answer Monitor(string id) => _messages.TryGetValue(id, out var confirmation)
        ? confirmation.Length > 0 ? Answer.Of(200, confirmation, SapXml.ContentType) : new Answer(202)
        : Say(Trouble.NotFound);

    static XElement Body(Call call)
    {
        using var reader = XmlReader.Create(new MemoryStream(call.Body.ToArray()), new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null });
        var root = XElement.Load(reader);
        return root.Child("Body")?.Elements().FirstOrDefault() ?? throw new FormatException("the envelope has no body");
    }

    bool IsBasic(string? header) =>
        AuthenticationHeaderValue.TryParse(header, out var value) && value.Scheme == "Basic" && value.Parameter == Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Options.ClientId}:{Options.ClientSecret}"));

    static string Range(string company, string year) => $"{company}/{year}";
}
