using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Dynamics;

/// <summary>How far an import is.</summary>
enum ImportState
{
    /// <summary>F&amp;O knows no such execution.</summary>
    NotKnown,
    Running,
    Succeeded,

    /// <summary>Some, or all, records were refused: its errors say which.</summary>
    WithErrors,
}

/// <summary>Imports data packages. The execution's id is ours: after a time-out its status can be asked for.</summary>
sealed class DynamicsImport(EntraHttp http, DynamicsOptions options, DynamicsAnswers answers, DynamicsRecord records) : IDisposable
{
    static readonly TimeSpan BusyPause = TimeSpan.FromSeconds(30);

    readonly SemaphoreSlim _one = new(1, 1);
    string? _last;

    /// <summary>One answer for all documents: accepted under its job, or why not.</summary>
    public async Task<ErpAnswer> PostAsync(IReadOnlyList<ErpDocument> documents, string company, string call, CancellationToken deadline)
    {
        try
        {
            await _one.WaitAsync(deadline);
        }
        catch (OperationCanceledException)
        {
            return new(ErpOutcome.NotSent, Code: "DEADLINE", Detail: "no time was left to send");
        }
        try
        {
            if (await BusyAsync(deadline) is { } busy) return busy;
            var (package, failure) = await UploadAsync(documents, call, deadline);
            return package is null ? Harmless(failure!) : await ImportAsync(package, company, call, deadline);
        }
        finally
        {
            _one.Release();
        }
    }

    public async Task<(ImportState State, ErpAnswer? Failure)> StateAsync(string job, CancellationToken deadline)
    {
        var (value, failure) = await CallAsync("GetExecutionSummaryStatus", new JsonObject { ["executionId"] = job }, deadline);
        if (failure is not null) return (ImportState.NotKnown, failure);
        return value?.ValueKind == JsonValueKind.String ? value.Value.GetString() switch
        {
            "Unknown" => (ImportState.NotKnown, null),
            "NotRun" or "Executing" => (ImportState.Running, null),
            "Succeeded" => (ImportState.Succeeded, null),
            "PartiallySucceeded" or "Failed" or "Canceled" => (ImportState.WithErrors, null),
            var other => (ImportState.NotKnown, Unreadable($"the execution's status is '{other}'")),
        } : (ImportState.NotKnown, Unreadable("the execution has no status"));
    }

    /// <summary>Everything that F&amp;O says about the records it refused, a line each.</summary>
    public async Task<(IReadOnlyList<string> Lines, ErpAnswer? Failure)> ErrorsAsync(string job, CancellationToken deadline)
    {
        var lines = new List<string>();
        var entity = () => new JsonObject { ["executionId"] = job, ["entityName"] = options.JournalEntity };
        var (staging, failure) = await CallAsync("GetImportStagingErrorFileUrl", entity(), deadline);
        if (failure is not null || (failure = await DownloadAsync(staging, lines, deadline)) is not null) return (lines, failure);
        (var exists, failure) = await CallAsync("GenerateImportTargetErrorKeysFile", entity(), deadline);
        if (failure is not null) return (lines, failure);
        if (exists?.ValueKind == JsonValueKind.True)
        {
            (var keys, failure) = await CallAsync("GetImportTargetErrorKeysFileUrl", entity(), deadline);
            if (failure is not null) return (lines, failure);
            if (string.IsNullOrEmpty(Text(keys))) return (lines, new ErpAnswer(ErpOutcome.Accepted, 200, "ERROR_FILE_PENDING", "the file of refused keys is being written") { Job = job });
            if ((failure = await DownloadAsync(keys, lines, deadline)) is not null) return (lines, failure);
        }
        (var errors, failure) = await CallAsync("GetExecutionErrors", new JsonObject { ["executionId"] = job }, deadline);
        if (failure is null) AddLines(Text(errors) ?? "", lines);
        return (lines, failure);
    }

    public void Dispose() => _one.Dispose();

    // Two imports at once in one data project disturb each other.
    async Task<ErpAnswer?> BusyAsync(CancellationToken deadline)
    {
        if (_last is not { } last) return null;
        var (state, failure) = await StateAsync(last, deadline);
        if (failure is not null) return Harmless(failure);
        if (state == ImportState.Running) return new(ErpOutcome.Throttled, 200, "IMPORT_RUNNING", $"import {last} is still at work in {options.DefinitionGroup}") { RetryAfter = BusyPause };
        _last = null;
        return null;
    }

    async Task<(Uri? Package, ErpAnswer? Failure)> UploadAsync(IReadOnlyList<ErpDocument> documents, string call, CancellationToken deadline)
    {
        var (value, failure) = await CallAsync("GetAzureWriteUrl", new JsonObject { ["uniqueFileName"] = $"{call}.zip" }, deadline);
        if (failure is not null) return (null, failure);
        if (Storage(JsonReading.Success(Text(value) ?? "")?.Text("BlobUrl")) is not { } address) return (null, Unreadable("there is no address to upload to"));
        var request = new HttpRequestMessage(HttpMethod.Put, address) { Content = new ByteArrayContent(DynamicsPackage.Write(documents, records, options)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/zip");
        request.Headers.Add("x-ms-blob-type", "BlockBlob");
        (var response, failure) = await http.SendPlainAsync(request, deadline);
        if (failure is not null) return (null, failure);
        return response!.Status is 200 or 201
            ? (address, null) : (null, new(ErpOutcome.Unknown, response.Status, "UPLOAD_FAILED", "the storage did not take the package; nothing was imported"));
    }

    async Task<ErpAnswer> ImportAsync(Uri package, string company, string call, CancellationToken deadline)
    {
        var (value, failure) = await CallAsync("ImportFromPackage", new JsonObject
        {
            ["packageUrl"] = package.AbsoluteUri,
            ["definitionGroupId"] = options.DefinitionGroup,
            ["executionId"] = call,
            ["execute"] = true,
            ["overwrite"] = true,
            ["legalEntityId"] = company,
        }, deadline);
        if (failure is { Outcome: ErpOutcome.Validation or ErpOutcome.Unknown } && answers.IsParallelImport(failure))
            return failure with { Outcome = ErpOutcome.Throttled, Code = "IMPORT_RUNNING", RetryAfter = BusyPause };
        // The id is ours: F&O knows it from this call alone, whose first answer was lost on the way.
        if (failure is { Outcome: ErpOutcome.Duplicate }) failure = failure with { Outcome = ErpOutcome.Unknown };
        if (failure is { Outcome: ErpOutcome.Unknown }) _last = call;
        if (failure is not null) return failure with { Job = failure.Outcome == ErpOutcome.Unknown ? call : null };
        _last = string.IsNullOrEmpty(Text(value)) ? call : Text(value)!;
        return new(ErpOutcome.Accepted, 200) { Job = _last };
    }

    async Task<(JsonElement? Value, ErpAnswer? Failure)> CallAsync(string action, JsonObject arguments, CancellationToken deadline)
    {
        var (response, failure) = await http.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, $"data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.{action}")
        {
            Content = new StringContent(arguments.ToJsonString(), new MediaTypeHeaderValue("application/json")),
        }, deadline);
        if (failure is not null) return (null, failure);
        if (response!.Status is not (200 or 204)) return (null, answers.OfError(response));
        if (response.Status == 204 || response.Body.Length == 0) return (null, null);
        if (JsonReading.Success(response.Body) is not { } body) return (null, Unreadable($"the answer of {action} is no success"));
        return (body.TryGetProperty("value", out var value) ? value : null, null);
    }

    async Task<ErpAnswer?> DownloadAsync(JsonElement? url, List<string> lines, CancellationToken deadline)
    {
        if (string.IsNullOrEmpty(Text(url))) return null;
        if (Storage(Text(url)) is not { } address) return Unreadable("the error file has no address");
        var (response, failure) = await http.SendPlainAsync(new HttpRequestMessage(HttpMethod.Get, address), deadline);
        if (failure is not null) return failure;
        if (response!.Status != 200) return new(ErpOutcome.Unknown, response.Status, "ERROR_FILE_UNREADABLE", "the error file could not be read");
        AddLines(response.Body, lines);
        return null;
    }

    static void AddLines(string text, List<string> lines)
    {
        if (text.StartsWith('['))
        {
            try
            {
                using var json = JsonDocument.Parse(text);
                lines.AddRange(json.RootElement.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String ? e.GetString()! : e.GetRawText()));
                return;
            }
            catch (JsonException)
            {
                // No list of messages after all: the text is read by lines.
            }
        }
        lines.AddRange(text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    // Storage has other hosts than F&O; nothing but TLS carries a package there.
    Uri? Storage(string? text) => Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || http.IsOwn(address)) ? address : null;

    // Before ImportFromPackage nothing can have been made, whatever went wrong.
    static ErpAnswer Harmless(ErpAnswer failure) => failure.Outcome is ErpOutcome.Throttled or ErpOutcome.Unauthorized ? failure : failure with { Outcome = ErpOutcome.NotSent };

    static string? Text(JsonElement? value) => value?.ValueKind == JsonValueKind.String ? value.Value.GetString() : null;

    static ErpAnswer Unreadable(string detail) => new(ErpOutcome.Unknown, 200, "ANSWER_UNREADABLE", detail);
}
