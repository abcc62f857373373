using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.Dynamics;

/// <summary>What became of a change set: its answers, or why it did not succeed as a whole.</summary>
sealed record ChangeSetResult(IReadOnlyList<BatchPart> Parts, ErpAnswer? Failure);

/// <summary>Sends change sets in as many $batch requests as they need.</summary>
sealed class DynamicsBatches(EntraHttp http, DynamicsOptions options, DynamicsAnswers answers)
{
    /// <summary>Results in the order of the change sets. What F&amp;O is too busy for is not followed by more.</summary>
    public async Task<IReadOnlyList<ChangeSetResult>> SendAsync(IReadOnlyList<IReadOnlyList<BatchOperation>> changeSets, string name, CancellationToken deadline)
    {
        var results = new List<ChangeSetResult>();
        ErpAnswer? stop = null;
        while (results.Count < changeSets.Count)
        {
            var batch = Take(changeSets, results.Count);
            if (stop is not null)
            {
                results.AddRange(batch.Select(_ => new ChangeSetResult([], stop)));
                continue;
            }
            var answered = await SendOneAsync(batch, $"{name}_{results.Count}", deadline);
            results.AddRange(answered);
            stop = answered.Select(a => a.Failure).FirstOrDefault(f => f?.Outcome is ErpOutcome.Throttled or ErpOutcome.Unauthorized);
        }
        return results;
    }

    List<IReadOnlyList<BatchOperation>> Take(IReadOnlyList<IReadOnlyList<BatchOperation>> changeSets, int from)
    {
        var batch = new List<IReadOnlyList<BatchOperation>>();
        var operations = 0;
        for (var i = from; i < changeSets.Count && (batch.Count == 0 || operations + changeSets[i].Count <= options.BatchOperations); i++)
        {
            batch.Add(changeSets[i]);
            operations += changeSets[i].Count;
        }
        return batch;
    }

    async Task<IReadOnlyList<ChangeSetResult>> SendOneAsync(IReadOnlyList<IReadOnlyList<BatchOperation>> changeSets, string name, CancellationToken deadline)
    {
        var (response, failure) = await http.SendAsync(() => Request(changeSets, name), deadline);
        failure ??= response!.Status is 200 or 202 ? null : answers.OfError(response);
        if (failure is not null) return [.. changeSets.Select(_ => new ChangeSetResult([], failure))];
        var parts = MultipartBatch.Read(response!.Body, [.. changeSets.Select(s => s.Count)]);
        return [.. parts.Select((p, i) => new ChangeSetResult(p, answers.OfChangeSet(p, changeSets[i].Count)))];
    }

    HttpRequestMessage Request(IReadOnlyList<IReadOnlyList<BatchOperation>> changeSets, string name)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "data/$batch") { Content = MultipartBatch.Write(changeSets, name, options.Address) };
        request.Headers.Add("OData-Version", "4.0");
        // Otherwise the first refused document would end the batch for those behind it.
        request.Headers.Add("Prefer", "odata.continue-on-error");
        return request;
    }
}
