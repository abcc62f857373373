using Streams.Broker.Log;

namespace Streams.Broker.Tests.Cleaner;

/// <summary>
/// A reader of committed records that does as the Java client: it takes the list of aborted transactions with each answer, skips a producer's records from
/// the first offset of one until its marker, and goes on behind the last batch, even where that is empty.
/// </summary>
internal sealed class ModelReader(ModelLog model)
{
    private readonly long _since = model.Clock.Now;
    private readonly List<TestRecord> _read = [];

    public long Position { get; private set; }

    public long Age => model.Clock.Now - _since;

    public Dictionary<string, string> Table => Fold(_read);

    public static Dictionary<string, string> Fold(IEnumerable<TestRecord> records)
    {
        var table = new Dictionary<string, string>();
        foreach (var record in records)
        {
            if (record.Value is null) table.Remove(record.Key!);
            else table[record.Key!] = record.Value;
        }
        return table;
    }

    /// <summary>One answer to a fetch; false at the end.</summary>
    public bool Fetch(int maxBytes)
    {
        var end = model.Log.LastStableOffset;
        var slice = model.Log.Slice(Position, end, maxBytes, atLeastOne: true);
        if (slice.Segment is null)
        {
            Assert.Equal(end, Position);
            return false;
        }
        var bytes = new byte[slice.Length];
        Assert.Equal(bytes.Length, slice.Segment.File.Read(bytes, slice.Position));
        Take(bytes, new Queue<AbortedTransaction>(model.Log.AbortedBetween(Position, slice.EndOffset)));
        return true;
    }

    private void Take(ReadOnlySpan<byte> bytes, Queue<AbortedTransaction> aborted)
    {
        var skipped = new HashSet<long>();
        for (; bytes.Length > 0; bytes = bytes[(int)new RecordBatch(bytes).Size..])
        {
            var batch = new RecordBatch(bytes[..(int)new RecordBatch(bytes).Size]);
            Assert.True(RecordBatch.IsSound(bytes[..(int)batch.Size]));
            while (aborted.TryPeek(out var next) && next.FirstOffset <= batch.LastOffset) skipped.Add(aborted.Dequeue().ProducerId);
            if (batch.IsControl)
            {
                if (batch.RecordCount > 0 && !ControlBatch.IsCommit(batch)) skipped.Remove(batch.ProducerId);
            }
            else if (batch.LastOffset >= Position && !(batch.IsTransactional && skipped.Contains(batch.ProducerId)))
            {
                TakeRecords(bytes[..(int)batch.Size]);
            }
            Position = Math.Max(Position, batch.LastOffset + 1);
        }
    }

    private void TakeRecords(ReadOnlySpan<byte> batch)
    {
        foreach (var (offset, record) in TestBatch.Read(batch))
        {
            Assert.False(model.Aborted.Contains(offset), $"offset {offset} was aborted");
            Assert.Equal(model.Written[offset], record);
            if (offset >= Position) _read.Add(record);
        }
    }
}
