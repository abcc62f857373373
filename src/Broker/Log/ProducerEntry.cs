using Streams.Broker.Protocol;

namespace Streams.Broker.Log;

/// <summary>A batch that a producer wrote: its sequence numbers and where it stands.</summary>
internal readonly record struct WrittenBatch(int FirstSequence, int LastSequence, long BaseOffset);

/// <summary>What a partition knows of one idempotent producer: its epoch, its last five batches, and its open transaction.</summary>
internal sealed class ProducerEntry(long producerId)
{
    /// <summary>Clients have at most five requests in flight, so that a retry is one of these.</summary>
    private const int Remembered = 5;

    private readonly List<WrittenBatch> _batches = new(Remembered);

    public long ProducerId { get; } = producerId;

    public short Epoch { get; private set; } = -1;

    public long? OpenTransactionOffset { get; set; }

    public long LastTimestamp { get; private set; } = -1;

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
        var expected = _batches.Count == 0 ? batch.BaseSequence : (int)((LastSequence + 1L) & int.MaxValue);
        return batch.BaseSequence == expected ? ErrorCode.None : ErrorCode.OutOfOrderSequenceNumber;
    }

    public void Add(RecordBatch batch, long baseOffset)
    {
        if (batch.ProducerEpoch != Epoch) Begin(batch.ProducerEpoch);
        if (_batches.Count == Remembered) _batches.RemoveAt(0);
        _batches.Add(new WrittenBatch(batch.BaseSequence, batch.LastSequence, baseOffset));
        LastTimestamp = batch.MaxTimestamp;
    }

    /// <summary>A marker may carry a newer epoch, which fences what the older one still has on the way.</summary>
    public void Begin(short epoch)
    {
        if (epoch == Epoch) return;
        Epoch = epoch;
        _batches.Clear();
    }
}
