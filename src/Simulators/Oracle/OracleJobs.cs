using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.Simulators;

/// <summary>
/// erpintegrations: importBulkData answers with a request id; a loader with children (load, import, posting) does the work; getESSJobStatus tells how far
/// it is; a callback may come, or never.
/// </summary>
sealed class OracleJobs(OracleSimulator erp, OracleSetup account, IReadOnlyList<IOracleImport> imports)
{
    const int FirstRequest = 1_234_567, PerLoad = 4;

    sealed class Load(int id, IOracleImport import)
    {
        public readonly int Id = id;
        public readonly IOracleImport Import = import;
        public bool Silent;
        public OracleResult? Result;
    }

    readonly Dictionary<int, Load> _loads = [];
    readonly HttpClient _outbound = new() { Timeout = TimeSpan.FromSeconds(10) };

    public void Restore(SimulatedRecord note)
    {
        if (note.Type != "request") return;
        var id = int.Parse(note.Id, CultureInfo.InvariantCulture);
        _loads[id] = new Load(id, Import(note.Field("account")) ?? imports[0]) { Result = new OracleResult(note.Fields["status"], note.Fields["report"].Split('\n')) };
    }

    public Operation Read(Call call)
    {
        if (call.Method == "GET") return new Operation(false, "ess", [], _ => Find(call.Argument("finder") ?? ""));
        var body = call.Json();
        switch (body.Str("OperationName"))
        {
            case "importBulkData":
                foreach (var name in new[] { "DocumentContent", "ContentType", "FileName", "DocumentAccount", "JobName", "ParameterList" })
                {
                    if (string.IsNullOrEmpty(body.Str(name))) return new Operation(true, "journal", [], _ => OracleWords.Of(400, $"The value of attribute {name} is required.", name));
                }
                var content = body.Str("DocumentContent")!;
                var documentAccount = body.Str("DocumentAccount")!;
                if (Import(documentAccount) is not { } import)
                    return new Operation(true, "journal", [], _ => OracleWords.Of(400, $"The document account {documentAccount} is not simulated; {string.Join(" and ", imports.Select(i => i.DocumentAccount))} are.", "DocumentAccount"));
                var (type, keys) = import.Names(content);
                return new Operation(true, type, keys, hit => Submit(import, body, content, hit));
            case "getESSJobStatus":
                return new Operation(false, "ess", [], _ => Answer.Of(201, new JsonObject { ["OperationName"] = "getESSJobStatus", ["ReqstId"] = body.Scalar("ReqstId"), ["RequestStatus"] = Status(body.Scalar("ReqstId")) }, OracleWords.Item));
            case "getESSExecutionDetails" or "downloadESSJobExecutionDetails":
                return new Operation(false, "ess", [], _ => Details(body.Scalar("ReqstId"), body.Str("OperationName")!));
            default:
                throw new RefusedException(Answer.Of(400, "Invalid operation create for the specified resource.", "text/plain;charset=utf-8"));
        }
    }

    IOracleImport? Import(string? documentAccount) => imports.FirstOrDefault(i => i.DocumentAccount == documentAccount);

    Answer Submit(IOracleImport import, JsonElement body, string content, FaultHit? hit)
    {
        var load = new Load(FirstRequest + PerLoad * _loads.Count, import) { Silent = hit?.Kind is SimulatorFault.PendingForever or SimulatorFault.CommitThenPendingForever };
        _loads[load.Id] = load;
        var (parameters, options, callback) = (body.Str("ParameterList")!, body.Str("JobOptions") ?? "", body.Str("CallbackURL"));
        if (hit?.Kind != SimulatorFault.PendingForever)
        {
            if (account.JobTime > TimeSpan.Zero) erp.Later(account.JobTime, () => erp.AloneAsync(() => Work(load, content, parameters, options, callback)));
            else Work(load, content, parameters, options, callback);
        }
        var answer = new JsonObject { ["OperationName"] = "importBulkData", ["DocumentId"] = null, ["FileName"] = body.Str("FileName"), ["ContentType"] = "zip", ["DocumentAccount"] = import.DocumentAccount, ["JobName"] = body.Str("JobName"), ["ParameterList"] = parameters, ["ReqstId"] = load.Id.ToString(CultureInfo.InvariantCulture) };
        return Answer.Of(201, answer, OracleWords.Item);
    }

    bool Work(Load load, string content, string parameters, string options, string? callback)
    {
        var unposted = erp.Journal.UnpostedCount;
        load.Result = load.Import.Run(content, parameters, options);
        if (account.AutoPost && erp.Journal.UnpostedCount > unposted) erp.PostAll();
        erp.Journal.Append(new SimulatedRecord
        {
            Event = RecordEvent.Note, Id = load.Id.ToString(CultureInfo.InvariantCulture), Type = "request",
            Fields = new Dictionary<string, string> { ["status"] = load.Result.Status, ["report"] = string.Join('\n', load.Result.Report), ["account"] = load.Import.DocumentAccount },
        });
        if (!load.Silent && callback is not null && Uri.TryCreate(callback, UriKind.Absolute, out var address) && address.Scheme is "http" or "https") erp.Later(TimeSpan.Zero, () => CallBackAsync(new Uri(callback!), load));
        return true;
    }

    async Task CallBackAsync(Uri address, Load load)
    {
        var text = new JsonObject { ["JOBS"] = new JsonArray(new JsonObject { ["JOBNAME"] = "Load Interface File for Import", ["REQUESTID"] = load.Id.ToString(CultureInfo.InvariantCulture), ["STATUS"] = Parent(load.Result!) }) }.ToJsonString();
        using var content = new StringContent(text, Encoding.UTF8, "application/json");
        try
        {
            using var response = await _outbound.PostAsync(address, content);
        }
        catch (HttpRequestException)
        {
            // Nobody listens: as there, the event is lost and the status can still be asked for.
        }
    }

    /// <summary>The state of a load or of one of its children: id + 1 the load, + 2 the import, + 3 the posting.</summary>
    string Status(string? request)
    {
        if (!int.TryParse(request, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id < FirstRequest) return "ERROR";
        var child = (id - FirstRequest) % PerLoad;
        if (!_loads.TryGetValue(id - child, out var load)) return "ERROR";
        if (load.Silent || load.Result is null) return child is 0 or 1 ? "RUNNING" : "WAIT";
        return child switch { 0 => Parent(load.Result), 1 => "SUCCEEDED", 2 => load.Result.Status, _ => load.Result.Status == "ERROR" ? "CANCELLED" : "SUCCEEDED" };
    }

    static string Parent(OracleResult result) => result.Status == "ERROR" ? "WARNING" : result.Status;

    Answer Find(string finder)
    {
        var arguments = finder.Split(';', 2) is [_, var list] ? list.Split(',', ';').Select(p => p.Split('=', 2)).Where(p => p.Length == 2).ToDictionary(p => p[0].Trim(), p => p[1].Trim(), StringComparer.OrdinalIgnoreCase) : [];
        var request = arguments.GetValueOrDefault("requestId");
        if (finder.StartsWith("ESSJobStatusRF", StringComparison.Ordinal)) return Items(new JsonObject { ["OperationName"] = "getESSJobStatus", ["ReqstId"] = request, ["RequestStatus"] = Status(request) });
        return finder.StartsWith("ESSJobExecutionDetailsRF", StringComparison.Ordinal) || finder.StartsWith("ESSExecutionDetailsRF", StringComparison.Ordinal)
            ? Items(JsonNode.Parse(Details(request, "downloadESSJobExecutionDetails").Text)!.AsObject())
            : Answer.Of(400, "Invalid finder.", "text/plain;charset=utf-8");
    }

    static Answer Items(JsonObject item) => Answer.Of(200, new JsonObject { ["items"] = new JsonArray(item), ["count"] = 1, ["hasMore"] = false, ["limit"] = 25, ["offset"] = 0 }, OracleWords.Collection);

    /// <summary>Children and the import's report, zipped as text.</summary>
    Answer Details(string? request, string operation)
    {
        if (!int.TryParse(request, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || !_loads.TryGetValue(id - Math.Max(0, id - FirstRequest) % PerLoad, out var load)) return OracleWords.Of(404, "The request id is not valid.", "ReqstId");
        var children = new JsonArray();
        for (var child = 1; child < PerLoad; child++) children.Add(new JsonObject { ["REQUESTID"] = (load.Id + child).ToString(CultureInfo.InvariantCulture), ["JOBNAME"] = load.Import.Children[child - 1], ["STATUS"] = Status((load.Id + child).ToString(CultureInfo.InvariantCulture)) });
        using var packed = new MemoryStream();
        using (var zip = new ZipArchive(packed, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var writer = new StreamWriter(zip.CreateEntry($"{load.Id + 2}.txt").Open());
            foreach (var line in load.Result?.Report ?? []) writer.WriteLine(line);
        }
        return Answer.Of(201, new JsonObject
        {
            ["OperationName"] = operation, ["ReqstId"] = request, ["ContentType"] = "zip", ["DocumentContent"] = Convert.ToBase64String(packed.ToArray()),
            ["RequestStatus"] = new JsonObject { ["JOBS"] = new JsonObject { ["REQUESTID"] = request, ["STATUS"] = Status(request), ["CHILD"] = children } }.ToJsonString(),
        }, OracleWords.Item);
    }
}
