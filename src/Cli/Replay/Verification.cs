using Confluent.Kafka;
using Streams.Aggregators.Replay;

namespace Streams.Cli.Replay;

/// <summary>What became of a document when it was computed again.</summary>
/// <param name="Document">On record; null: the replay makes it, and it is not there.</param>
/// <param name="Difference">Null: the bytes are equal, and so is what the headers say of them.</param>
sealed record Verified(RecordedDocument? Document, string Id, string? Computed, DocumentDifference? Difference)
{
    public bool IsEqual => Difference is null;
}

/// <summary>Compares documents on record with what a replay of their partition makes.</summary>
sealed class Verification(ClientConfig connection, UsageReplays replays)
{
    /// <summary>Verifies some documents, in one replay for each partition.</summary>
    /// <param name="documents">Of any partitions.</param>
    /// <param name="extra">Whether a document that is not on record is one that should be; null: such are not looked for.</param>
    /// <param name="report">Told of the progress.</param>
    /// <param name="cancel">Ends it.</param>
    public (IReadOnlyList<Verified> Documents, ReplayFigures Figures) Run(IReadOnlyCollection<RecordedDocument> documents, Func<ReplayedDocument, bool>? extra, Action<double, string> report, CancellationToken cancel)
    {
        var verified = new List<Verified>();
        var figures = default(ReplayFigures);
        foreach (var old in documents.Where(d => d.Edition is null)) throw new ReplayException($"{old.Id} names no edition of its contract: it was made before these were on record");
        foreach (var partition in documents.GroupBy(d => d.Partition).OrderBy(g => g.Key))
        {
            var open = partition.GroupBy(d => d.Id, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.ToList(), StringComparer.Ordinal);
            var replay = replays.Of(partition.Key, made =>
            {
                if (open.Remove(made.Document.Id, out var recorded)) verified.AddRange(recorded.Select((r, i) => Compare(r, i, made)));
                else if (extra?.Invoke(made) == true) verified.Add(new(null, made.Document.Id, made.Sha256, new("document", "(nothing)", made.Document.Id)));
            });
            figures += replays.Run(partition.Key, partition.Max(d => d.Through), report, cancel, replay);
            verified.AddRange(open.Values.SelectMany(d => d).Select(d => new Verified(d, d.Id, null, new("document", d.Id, "(nothing)"))));
        }
        return ([.. verified.OrderBy(v => v.Id, StringComparer.Ordinal)], figures);
    }

    Verified Compare(RecordedDocument recorded, int earlier, ReplayedDocument made)
    {
        Verified Differs(DocumentDifference difference) => new(recorded, recorded.Id, made.Sha256, difference);
        if (earlier > 0) return Differs(new("document", $"a second time at {recorded.Place}", "once"));
        if (recorded.Sha256 != made.Sha256)
        {
            var bytes = RecordedDocument.BytesAt(connection, recorded.Place);
            return Differs(DocumentDifference.Of(bytes, made.Value) ?? new("bytes", recorded.Sha256, made.Sha256));
        }
        if (recorded.Stated != made.Sha256) return Differs(new("header streams.sha256", recorded.Stated, made.Sha256));
        return recorded.Edition == made.Edition ? new(recorded, recorded.Id, made.Sha256, null) : Differs(new("header streams.contract", recorded.Edition!, made.Edition));
    }
}
