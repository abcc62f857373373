using Streams.Broker.Protocol;

namespace Streams.Broker.Log;

/// <summary>A batch that a producer wrote: its sequence numbers, where it stands, and the newest time in it.</summary>
internal readonly record struct WrittenBatch(int FirstSequence, int LastSequence, long BaseOffset, long MaxTimestamp);

/// <summary>What is kept of a producer whose batches are deleted, so that a repeated one is still known.</summary>
/// <param name="OpenOffset">Where its open transaction began, -1 where it has none.</param>
internal sealed record ProducerState(long ProducerId, short Epoch, long LastTimestamp, long OpenOffset, IReadOnlyList<WrittenBatch> Batches);

/// <summary>What a partition knows of one idempotent producer: its epoch, its last five batches, and its open transaction.</summary>
internal sealed class ProducerEntry(long producerId)
{
    /// <summary>Clients have at most five requests in flight, so that a retry is one of these.</summary>
    public const int Remembered = 5;

    private readonly List<WrittenBatch> _batches = new(Remembered);

    public ProducerEntry(ProducerState state)
        : this(state.ProducerId)
    {
        Epoch = state.Epoch;
        LastTimestamp = state.LastTimestamp;
        OpenTransactionOffset = state.OpenOffset < 0 ? null : state.OpenOffset;
        _batches.AddRange(state.Batches);
    }

    public long ProducerId { get; } = producerId;

    /// <summary>Its last batches under its epoch, oldest first.</summary>
    public IReadOnlyList<WrittenBatch> Batches => _batches;

    public short Epoch { get; private set; } = -1;

    public long? OpenTransactionOffset { get; set; }

    /// <summary>The newest time of its last batch.</summary>
    public long LastTimestamp { get; private set; } = -1;

    /// <summary>When the broker heard of it last, by its own clock: what expiry counts from. After a restart all were heard of at the start.</summary>
    public long LastSeen { get; set; }

    public int LastSequence => _batches.Count == 0 ? -1 : _batches[^1].LastSequence;

    /// <summary>The batch that this one repeats, or what is wrong with its epoch or sequence.</summary>
    public ErrorCode Check(RecordBatch batch, out WrittenBatch? duplicate)
    {
        duplicate = null;
        if (batch.ProducerEpoch < Epoch) return ErrorCode.InvalidProducerEpoch;
        if (batch.ProducerEpoch > Epoch) return batch.BaseSequence == 0 || Epoch < 0 ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
        foreach (var written in _batches)
        {
            if (written.FirstSequence != batch.BaseSequence || written.LastSequence != batch.LastSequence) continue;
            duplicate = written;
            return ErrorCode.None;
        }
        // Nothing written yet under an epoch that a marker began: its first sequence is 0, which is what -1 + 1 asks for.
        var expected = (int)((LastSequence + 1L) & int.MaxValue);
        return batch.BaseSequence == expected ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
    }

    public void Add(RecordBatch batch, long baseOffset)
    {
        if (batch.ProducerEpoch != Epoch) Begin(batch.ProducerEpoch);
        if (_batches.Count == Remembered) _batches.RemoveAt(0);
        _batches.Add(new WrittenBatch(batch.BaseSequence, batch.LastSequence, baseOffset, batch.MaxTimestamp));
        LastTimestamp = batch.MaxTimestamp;
    }

    /// <summary>A marker may carry a newer epoch, which fences what the older one still has on the way.</summary>
    public void Begin(short epoch)
    {
        if (epoch == Epoch) return;
        Epoch = epoch;
        _batches.Clear();
    }

    /// <summary>
    /// What reading the log from the offset on would not bring back; null where it brings back everything. Only batches below the offset are taken:
    /// those behind it are not all on disk yet.
    /// </summary>
    /// <param name="openOffset">Where its open transaction began below the offset, else -1.</param>
    public ProducerState? Before(long offset, long openOffset)
    {
        var batches = _batches.Where(b => b.BaseOffset < offset).ToList();
        return batches.Count == 0 && _batches.Count > 0 && openOffset < 0 ? null : new ProducerState(ProducerId, Epoch, LastTimestamp, openOffset, batches);
    }
}
