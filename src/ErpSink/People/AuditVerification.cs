using System.Text.Json;

namespace Streams.ErpSink.People;

/// <summary>A head of the chain as Kafka keeps it, out of the database's reach.</summary>
public sealed record AuditAnchor(string Ledger, long Sequence, string Hash)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { RespectRequiredConstructorParameters = true, RespectNullableAnnotations = true };

    /// <summary>Null where the record is no anchor.</summary>
    public static AuditAnchor? Read(byte[]? value)
    {
        try
        {
            return value is null ? null : JsonSerializer.Deserialize<AuditAnchor>(value, Json);
        }
        catch (JsonException)
        {
            // Whoever can write to the topic can write anything; what is no anchor vouches for nothing.
            return null;
        }
    }
}

/// <summary>What is wrong, and where.</summary>
/// <param name="Sequence">The row; 0 for the chain as a whole.</param>
public sealed record AuditFault(long Sequence, string What);

/// <summary>What a verification found. <paramref name="Anchors"/> is null where Kafka was not asked.</summary>
public sealed record AuditVerdict(string Ledger, long Rows, long Head, string Hash, int? Anchors, long LastAnchored, IReadOnlyList<AuditFault> Faults)
{
    public bool Holds => Faults.Count == 0;
}

/// <summary>Recomputes the chain and holds it against the head that the ledger names and the heads that Kafka keeps.</summary>
public static class AuditVerification
{
    const int MaxFaults = 100;

    static readonly string Genesis = new('0', 64);

    /// <param name="anchors">In the order of the topic; null: Kafka is not asked.</param>
    public static async Task<AuditVerdict> RunAsync(AuditHead head, IAsyncEnumerable<AuditRow> rows, IReadOnlyList<AuditAnchor>? anchors, CancellationToken cancel = default)
    {
        var faults = new List<AuditFault>();
        var own = anchors?.Where(a => a.Ledger == head.Ledger).ToList();
        var wanted = (own ?? []).ToLookup(a => a.Sequence);
        long last = 0, count = 0;
        var hash = Genesis;
        await foreach (var row in rows.WithCancellation(cancel))
        {
            count++;
            if (row.Sequence != last + 1) Add(row.Sequence, row.Sequence <= last ? $"stands behind row {last}" : $"rows {last + 1} to {row.Sequence - 1} are missing");
            if (row.HashAfter(hash) != row.Hash) Add(row.Sequence, "its hash does not follow from the row and the one before: the row was changed, inserted or moved, or one before it was");
            if (wanted[row.Sequence].Any(a => a.Hash != row.Hash)) Add(row.Sequence, "Kafka keeps another hash for it: the chain was written anew");
            (last, hash) = (row.Sequence, row.Hash);
        }
        if (last != head.Sequence || hash != head.Hash) Add(head.Sequence, $"the ledger's head is row {head.Sequence}, the last row is {last}: the tail was cut off or replaced");
        var anchored = own is { Count: > 0 } ? own.Max(a => a.Sequence) : 0;
        if (anchored > last) Add(anchored, $"Kafka keeps a head at row {anchored}, the last row is {last}: the tail was cut off");
        if (own is not null && own.Zip(own.Skip(1)).Any(p => p.Second.Sequence < p.First.Sequence)) Add(0, "the heads in Kafka go back: an older state of the ledger was gone on from");
        if (own is { Count: 0 } && head.Anchored > 0) Add(0, $"the ledger handed heads to Kafka up to row {head.Anchored}, and Kafka has none of them");
        else if (own is { Count: 0 } && anchors!.Count > 0) Add(0, "Kafka keeps heads of other ledgers and none of this one: the ledger was replaced, or is not anchored yet");
        return new(head.Ledger, count, last, hash, own?.Count, anchored, faults);

        void Add(long sequence, string what)
        {
            if (faults.Count < MaxFaults) faults.Add(new(sequence, what));
        }
    }
}
