using Streams.Broker.Compression;
using Streams.Broker.Log;

namespace Streams.Broker.Tests.Cleaner;

/// <summary>Records inside batches of every codec.</summary>
public sealed class RecordsTests
{
    public static TheoryData<int> EveryCodec => [0, 1, 2, 3, 4];

    private static TestRecord[] Ten => [.. Enumerable.Range(0, 10).Select(i => new TestRecord($"k{i}", i % 3 == 0 ? null : $"v{i}", 1000 + 10 * (i ^ 1)))];

    [Theory]
    [MemberData(nameof(EveryCodec))]
    public void Records_are_read_with_offset_time_key_and_presence_of_a_value(int codec)
    {
        var read = TestBatch.Read(TestBatch.Of(Ten, (Codec)codec));
        Assert.Equal(Ten, read.Select(r => r.Record));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), read.Select(r => r.Offset));
    }

    [Theory]
    [MemberData(nameof(EveryCodec))]
    public void The_first_record_at_or_after_a_time_is_found_exactly(int codec)
    {
        // Times are 1010, 1000, 1030, 1020 and so on.
        var bytes = TestBatch.Of(Ten, (Codec)codec);
        RecordBatch.WriteBaseOffset(bytes, 100);
        var batch = new RecordBatch(bytes);
        Assert.Equal((100L, 1010L), Records.FirstAt(batch, 0, 0));
        Assert.Equal((102L, 1030L), Records.FirstAt(batch, 1011, 0));
        Assert.Equal((103L, 1020L), Records.FirstAt(batch, 1011, 103));
        Assert.Equal((108L, 1090L), Records.FirstAt(batch, 1090, 0));
        Assert.Null(Records.FirstAt(batch, 1091, 0));
    }

    [Fact]
    public void A_batch_that_takes_more_than_the_limit_when_decompressed_is_refused()
    {
        var batch = TestBatch.Of([new TestRecord("k", new string('v', 100_000))], Codec.Lz4);
        Assert.Single(TestBatch.Read(batch));
        Assert.Throws<MalformedRecordsException>(() => new RecordIterator(new RecordBatch(batch), 50_000).MoveNext());
    }

    /// <summary>Whatever a client sends inside a batch: records, or a <see cref="MalformedRecordsException"/>.</summary>
    [Fact]
    public void Mutated_records_are_read_or_refused_but_break_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var batches = Enumerable.Range(0, 5).Select(codec => TestBatch.Of(Ten, (Codec)codec)).ToArray();
        for (var run = 0; run < Tier.Of(50_000, 1_000_000); run++)
        {
            var bytes = (byte[])batches[random.Next(batches.Length)].Clone();
            for (var changes = random.Next(1, 4); changes > 0; changes--) bytes[random.Next(21, bytes.Length)] = (byte)random.Next(256);
            try
            {
                var batch = new RecordBatch(bytes);
                var last = -1;
                using var records = new RecordIterator(batch, 1 << 20);
                for (; records.MoveNext(); last = records.Current.OffsetDelta) Assert.True(records.Current.OffsetDelta > last);
            }
            catch (MalformedRecordsException)
            {
                continue; // refused, as it should be
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, run {run}: {e}");
            }
        }
    }
}
