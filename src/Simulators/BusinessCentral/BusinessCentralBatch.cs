using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Streams.Simulators;

/// <summary>
/// JSON $batch: up to a hundred operations in order, ending at the first failure unless the caller prefers otherwise. With Isolation: snapshot a failure undoes
/// all of them, and the parts before it go on saying that they succeeded.
/// </summary>
sealed class BusinessCentralBatch(BusinessCentralSimulator erp, BusinessCentralSetup account)
{
    sealed record Part(string Id, Operation? Operation, Func<IReadOnlyDictionary<string, string>, Call> Call, Answer? Refusal);

    public Operation Read(Call call, string root)
    {
        var requests = call.Json().Items("requests").ToList();
        if (requests.Count == 0) throw new RefusedException(erp.Refuse("BadRequest", "The batch holds no requests."));
        if (requests.Count > account.BatchLimit) throw new RefusedException(erp.Refuse("BadRequest", $"The batch holds {requests.Count} operations; {account.BatchLimit} are allowed."));
        var parts = requests.Select((r, i) => (Id: r.Scalar("id") ?? (i + 1).ToString(CultureInfo.InvariantCulture), Request: r)).ToList();
        var keys = parts.Select(p => p.Request.Member("body")).Select(b => b.Str("externalDocumentNumber")).OfType<string>().Distinct().ToList();
        var writes = parts.Any(p => p.Request.Str("method") is not "GET");
        return new Operation(writes, "$batch", keys, hit => Run(call, root, parts, hit));
    }

    Answer Run(Call call, string root, List<(string Id, JsonElement Request)> parts, FaultHit? hit)
    {
        var isolated = string.Equals(call.Header("Isolation"), "snapshot", StringComparison.OrdinalIgnoreCase);
        var goOn = call.Prefers("odata.continue-on-error");
        var responses = new List<JsonNode>();
        var made = new Dictionary<string, string>();
        var failed = false;
        if (isolated) erp.Work.Begin();
        foreach (var (id, request) in parts)
        {
            var (answer, place) = RunOne(root, request, made);
            if (place is not null) made[id] = place;
            responses.Add(Show(id, answer));
            failed |= answer.Status >= 400;
            if (failed && (isolated || !goOn)) break;
        }
        if (isolated && failed) erp.Work.Rollback();
        else if (isolated) erp.Work.Commit();
        if (hit?.Kind == SimulatorFault.BatchShuffled) responses.Reverse();
        return Answer.Of(200, new JsonObject { ["responses"] = new JsonArray([.. responses]) }, BusinessCentralSimulator.Json);
    }

    /// <summary>The answer, and where the entity is that it made.</summary>
    (Answer Answer, string? Place) RunOne(string root, JsonElement request, Dictionary<string, string> made)
    {
        var url = request.Str("url") ?? "";
        if (url.StartsWith('$') && url[1..].Split('/', 2) is [var reference, ..] && made.TryGetValue(reference, out var known)) url = known + url[(1 + reference.Length)..];
        else if (Uri.TryCreate(url, UriKind.Absolute, out var absolute) && absolute.Scheme.StartsWith("http", StringComparison.Ordinal)) url = absolute.PathAndQuery;
        else if (!url.StartsWith('/')) url = root + url;
        var question = url.IndexOf('?', StringComparison.Ordinal);
        var path = Uri.UnescapeDataString(question < 0 ? url : url[..question]);
        var headers = new HeaderDictionary();
        foreach (var header in request.Member("headers") is { ValueKind: JsonValueKind.Object } list ? list.EnumerateObject().ToList() : []) headers[header.Name] = header.Value.ToString();
        var body = request.Member("body") is { ValueKind: not JsonValueKind.Undefined } content ? Encoding.UTF8.GetBytes(content.GetRawText()) : [];
        var answer = erp.Inner(new Call(request.Str("method") ?? "GET", path, question < 0 ? "" : url[question..], headers, body));
        return (answer, answer.Status == 201 && Id(answer) is { } id ? $"{path}({id})" : null);
    }

    static string? Id(Answer answer)
    {
        using var json = JsonDocument.Parse(answer.Body);
        return json.RootElement.Str("id");
    }

    static JsonObject Show(string id, Answer answer)
    {
        var response = new JsonObject { ["id"] = id, ["status"] = answer.Status, ["headers"] = new JsonObject { ["content-type"] = BusinessCentralSimulator.Json, ["odata-version"] = "4.0" } };
        foreach (var (name, value) in answer.Headers) response["headers"]![name.ToLowerInvariant()] = value;
        if (!answer.Body.IsEmpty) response["body"] = JsonNode.Parse(answer.Body.Span);
        return response;
    }
}
