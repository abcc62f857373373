using System.Net.Http.Headers;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.BusinessCentral;

/// <summary>What became of an operation: its body, or why it did not succeed.</summary>
sealed record PartResult(string Body, ErpAnswer? Failure);

/// <summary>Sends operations by $batch: each for itself, or all in one transaction.</summary>
sealed class BusinessCentralBatches(EntraHttp http, BusinessCentralAnswers answers)
{
    /// <summary>Operations that succeed and fail apart, in as many requests as they need. What Business Central is too busy for is not followed by more.</summary>
    public async Task<IReadOnlyList<PartResult>> SendAsync(IReadOnlyList<JsonRequest> requests, CancellationToken deadline)
    {
        var results = new List<PartResult>();
        ErpAnswer? stop = null;
        foreach (var chunk in requests.Chunk(JsonBatch.MaxOperations))
        {
            var answered = stop is null ? await SendAsync(chunk, isolated: false, deadline) : [.. chunk.Select(_ => new PartResult("", stop))];
            results.AddRange(answered);
            stop ??= answered.Select(a => a.Failure).FirstOrDefault(f => f?.Outcome is ErpOutcome.Throttled or ErpOutcome.Unauthorized);
        }
        return results;
    }

    /// <summary>
    /// Operations of one transaction, a hundred at a time. When one fails the others are rolled back, whatever their own answers say:
    /// only the failure counts.
    /// </summary>
    /// <returns>Null when all succeeded.</returns>
    public async Task<ErpAnswer?> SendTogetherAsync(IReadOnlyList<JsonRequest> requests, CancellationToken deadline)
    {
        foreach (var chunk in requests.Chunk(JsonBatch.MaxOperations))
        {
            var failures = (await SendAsync(chunk, isolated: true, deadline)).Select(r => r.Failure).OfType<ErpAnswer>().ToList();
            // What was not carried out because of the failure has no answer: the refusal, where there is one, is the reason.
            if (failures.Count > 0) return failures.FirstOrDefault(f => f.Outcome != ErpOutcome.Unknown) ?? failures[0];
        }
        return null;
    }

    async Task<IReadOnlyList<PartResult>> SendAsync(IReadOnlyList<JsonRequest> requests, bool isolated, CancellationToken deadline)
    {
        // Written once: a request's body can be part of one document only.
        var body = JsonBatch.Write(requests);
        var (response, failure) = await http.SendAsync(() => Request(body, isolated), deadline);
        failure ??= response!.Status == 200 ? null : answers.OfError(response);
        if (failure is not null) return [.. requests.Select(_ => new PartResult("", failure))];
        return [.. JsonBatch.Read(response!.Body, requests.Count).Select(p => new PartResult(p?.Body ?? "", answers.OfPart(p)))];
    }

    static HttpRequestMessage Request(string body, bool isolated)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "$batch") { Content = new StringContent(body, new MediaTypeHeaderValue("application/json")) };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (isolated) request.Headers.Add("Isolation", "snapshot");
        // Otherwise the first refused document would end the batch for those behind it.
        else request.Headers.Add("Prefer", "odata.continue-on-error");
        return request;
    }
}
