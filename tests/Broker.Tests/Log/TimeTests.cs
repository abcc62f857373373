using Streams.Broker.Log;
using Streams.Broker.Protocol;

namespace Streams.Broker.Tests.Log;

/// <summary>Times of records: the broker's own, and looking records up by them.</summary>
public sealed class TimeTests
{
    private readonly LogBed _bed = new();

    [Fact]
    public void LogAppendTime_is_the_brokers_clock_and_the_checksum_is_right()
    {
        _bed.Config = _bed.Config with { LogAppendTime = true };
        var log = _bed.Open();
        var appended = log.Append(LogBed.Batch(5, 9, 7));
        log.Flush();
        Assert.Equal(new Appended(ErrorCode.None, 0, _bed.Clock.Now), appended);
        var slice = log.Slice(0, 3, 1000, true);
        var bytes = new byte[slice.Length];
        slice.Segment!.File.Read(bytes, slice.Position);
        var batch = new RecordBatch(bytes);
        Assert.True(RecordBatch.IsSound(bytes));
        Assert.True(batch.IsLogAppendTime);
        Assert.Equal((5, _bed.Clock.Now), (batch.BaseTimestamp, batch.MaxTimestamp));
        Assert.Equal((0, _bed.Clock.Now), log.FindTimestamp(_bed.Clock.Now - 1, 3));
        Assert.Null(log.FindTimestamp(_bed.Clock.Now + 1, 3));
    }

    [Fact]
    public void A_repeated_batch_is_answered_with_the_time_that_it_got()
    {
        _bed.Config = _bed.Config with { LogAppendTime = true };
        var log = _bed.Open();
        var first = log.Append(LogBed.Batch("once", [1], producerId: 7, epoch: 0, sequence: 0));
        _bed.Clock.Now += 1000;
        Assert.Equal(first, log.Append(LogBed.Batch("once", [1], producerId: 7, epoch: 0, sequence: 0)));
    }

    [Fact]
    public void A_clients_mark_of_LogAppendTime_is_taken_away_where_the_topic_has_CreateTime()
    {
        var log = _bed.Open();
        var bytes = LogBed.Batch(5);
        RecordBatch.WriteTimestampType(bytes, 77);
        log.Append(bytes);
        Assert.False(new RecordBatch(bytes).IsLogAppendTime);
        Assert.True(RecordBatch.IsSound(bytes));
    }

    [Fact]
    public void Lookups_by_time_agree_with_a_walk_over_all_records_whatever_their_order()
    {
        for (var seed = 0; seed < Tier.Of(100, 3000); seed++)
        {
            var random = new Random(seed);
            var bed = new LogBed { Config = new LogConfig { RetentionMs = -1, SegmentBytes = random.Next(200, 20_000) } };
            var log = bed.Open();
            var times = new List<long>();
            for (var i = 0; i < 150; i++)
            {
                var batch = Enumerable.Range(0, random.Next(1, 5)).Select(_ => (long)random.Next(1000)).ToArray();
                times.AddRange(batch);
                LogBed.Append(log, batch);
            }
            var start = random.Next(times.Count / 2);
            log.DeleteRecordsBefore(start);
            for (var i = 0; i < 30; i++)
            {
                var (wanted, end) = ((long)random.Next(1100), EndOfSomeBatch(log, random));
                var expected = times.FindIndex(start, t => t >= wanted);
                (long, long)? found = expected < 0 || expected >= end ? null : (expected, times[expected]);
                Assert.True(log.FindTimestamp(wanted, end) == found, $"seed {seed}: time {wanted} below {end}");
            }
            var readable = times.Skip(start).ToList();
            Assert.Equal((start + readable.IndexOf(readable.Max()), readable.Max()), log.FindMaxTimestamp(log.HighWatermark));
        }
    }

    [Fact]
    public void The_newest_time_leaves_out_what_may_not_be_read_yet_and_markers()
    {
        var log = _bed.Open();
        LogBed.Append(log, 10, 30, 20);
        log.Append(LogBed.Batch("open", [99], producerId: 7, epoch: 0, sequence: 0, transactional: true));
        log.Flush();
        Assert.Equal((1, 30), log.FindMaxTimestamp(log.LastStableOffset));
        Assert.Equal((3, 99), log.FindMaxTimestamp(log.HighWatermark));
        log.AppendMarker(7, 0, commit: true, 1000);
        log.Flush();
        Assert.Equal((3, 99), log.FindMaxTimestamp(log.LastStableOffset));
        Assert.Null(log.FindTimestamp(100, log.HighWatermark));
    }

    private static long EndOfSomeBatch(PartitionLog log, Random random)
    {
        var slice = log.Slice(random.NextInt64(log.LogStartOffset, log.HighWatermark), log.HighWatermark, 1, atLeastOne: true);
        return random.Next(2) == 0 ? log.HighWatermark : slice.EndOffset;
    }
}
