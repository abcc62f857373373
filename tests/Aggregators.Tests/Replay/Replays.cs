using System.Text;
using Streams.Aggregators.Replay;
using Streams.Aggregators.Tests.Billing;
using Streams.Rating.Contracts;
using Streams.Schemas;
using Streams.Streaming;

namespace Streams.Aggregators.Tests.Replay;

/// <summary>What the topology wrote, made again from the records of the topics.</summary>
static class Replays
{
    public static ContractHistory History(Billed billed)
    {
        var history = new ContractHistory();
        foreach (var record in billed.Editions) history.Add(Encoding.UTF8.GetString(record.Key!), record.Value);
        return history;
    }

    public static List<ReplayedDocument> Of(Billed billed, ContractHistory? history = null, RecordJudged? judged = null, Action<ReplayedDocument>? made = null, IEnumerable<ContractEntry>? instead = null)
    {
        var documents = new List<ReplayedDocument>();
        var replay = new PartitionReplay(new(Topics.UsageEvents, 0, 1), history ?? History(billed), instead)
        {
            Made = document =>
            {
                documents.Add(document);
                made?.Invoke(document);
            },
            Judged = judged,
        };
        for (var offset = 0; offset < billed.Input.Count; offset++)
        {
            var (key, value) = billed.Input[offset];
            replay.Process(new Streams.Streaming.Record { Topic = Topics.UsageEvents, Partition = 0, Offset = offset, Timestamp = 0, Key = key, HasKey = key is not null, Value = value, HasValue = value is not null });
        }
        return documents;
    }

    /// <summary>The stream's documents as (edition, bytes), in the order of their ids.</summary>
    public static List<(string Edition, string Text)> OnRecord(Billed billed) =>
        [.. billed.Documents.Select(d => (Billed.Header(d, "streams.contract"), Encoding.UTF8.GetString(d.Value!))).OrderBy(d => d.Item2, StringComparer.Ordinal)];

    public static List<(string Edition, string Text)> Again(List<ReplayedDocument> documents) =>
        [.. documents.Select(d => (d.Edition, Encoding.UTF8.GetString(d.Value))).OrderBy(d => d.Item2, StringComparer.Ordinal)];
}
