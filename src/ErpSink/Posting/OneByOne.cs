using Streams.Schemas;

namespace Streams.ErpSink.Posting;

/// <summary>Posts the documents of a batch by a request each. What stops the account stops the rest: they get the same answer without a request.</summary>
public static class OneByOne
{
    public static async Task<IReadOnlyList<ErpAnswer>> RunAsync(IReadOnlyList<ErpDocument> batch, Func<ErpDocument, Task<ErpAnswer>> post)
    {
        var answers = new List<ErpAnswer>(batch.Count);
        foreach (var document in batch)
            answers.Add(answers is [.., { Outcome: ErpOutcome.Throttled or ErpOutcome.Unauthorized } stop] ? stop : await post(document));
        return answers;
    }
}
