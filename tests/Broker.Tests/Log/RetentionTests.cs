using Streams.Broker.Log;
using Streams.Broker.Protocol;

namespace Streams.Broker.Tests.Log;

/// <summary>What leaves a log, and what stays of it.</summary>
public sealed class RetentionTests
{
    private readonly LogBed _bed = new();

    [Fact]
    public void Old_segments_go_whole_and_the_log_begins_behind_them()
    {
        var log = Filled(20, out var bases);
        log.Config = log.Config with { RetentionMs = 1000 };
        log.Retain(19 + 1000);
        Assert.Equal(bases[^1], log.LogStartOffset);
        Assert.Single(_bed.Segments);
        Assert.Equal(Enumerable.Range((int)bases[^1], 20 - (int)bases[^1]), LogBed.ReadAll(log).Select(r => (int)r.Offset));
        Assert.Equal(bases[^1], _bed.Reopen(log).LogStartOffset);
    }

    [Fact]
    public void The_last_segment_goes_too_when_all_of_it_expired_and_offsets_go_on()
    {
        var log = Filled(20, out _);
        log.Config = log.Config with { RetentionMs = 1000 };
        log.Retain(100_000);
        Assert.Equal((20, 20, 20), (log.LogStartOffset, log.HighWatermark, log.LogEndOffset));
        log = _bed.Reopen(log);
        Assert.Equal((20, 20), (log.LogStartOffset, log.HighWatermark));
        Assert.Equal(20, LogBed.Append(log, 5));
    }

    [Fact]
    public void Bytes_are_kept_up_to_the_bound()
    {
        var log = Filled(30, out _);
        var size = _bed.Segments.Sum(s => _bed.Disk.Content(s).Length);
        var first = _bed.Disk.Content(_bed.Segments[0]).Length;
        log.Config = log.Config with { RetentionBytes = size - first + 1 };
        log.Retain(0);
        Assert.Equal(0, log.LogStartOffset);
        log.Config = log.Config with { RetentionBytes = size - first };
        log.Retain(0);
        Assert.Equal(size - first, log.Size);
        Assert.True(log.LogStartOffset > 0);
    }

    [Fact]
    public void A_compacted_topic_keeps_what_is_old()
    {
        var log = Filled(20, out _);
        log.Config = log.Config with { RetentionMs = 1, RetentionBytes = 1, Deletes = false, Compacts = true };
        log.Retain(long.MaxValue / 2);
        Assert.Equal(0, log.LogStartOffset);
    }

    [Fact]
    public void Nothing_goes_that_an_open_transaction_holds()
    {
        var log = _bed.Open();
        LogBed.Append(log, 1);
        log.Append(LogBed.Batch("open", [2], producerId: 7, epoch: 0, sequence: 0, transactional: true));
        for (var i = 0; i < 20; i++) LogBed.Append(log, i);
        log.Config = log.Config with { RetentionMs = 1 };
        log.Retain(1_000_000);
        Assert.Equal(0, log.LogStartOffset);
        log.AppendMarker(7, 0, commit: true, 3);
        log.Flush();
        log.Retain(1_000_000);
        Assert.Equal(log.LogEndOffset, log.LogStartOffset);
    }

    [Fact]
    public void Deleted_records_take_their_segments_with_them()
    {
        var log = Filled(20, out var bases);
        log.DeleteRecordsBefore(bases[2] + 1);
        log.Retain(0);
        Assert.Equal(bases[2] + 1, log.LogStartOffset);
        Assert.Equal(LogBed.SegmentPath(bases[2]), _bed.Segments[0]);
        log = _bed.Reopen(log);
        Assert.Equal(bases[2] + 1, log.LogStartOffset);
        Assert.Equal(bases[2] + 1, LogBed.ReadAll(log)[0].Offset);
    }

    [Fact]
    public void A_reader_of_a_deleted_segment_reads_on()
    {
        var log = Filled(20, out _);
        var slice = log.Slice(0, 20, 10_000, atLeastOne: true);
        log.DeleteRecordsBefore(20);
        log.Retain(0);
        Assert.DoesNotContain(LogBed.SegmentPath(0), _bed.Segments);
        Assert.Equal(slice.Length, slice.Segment!.File.Read(new byte[slice.Length], slice.Position));
        Assert.Null(log.Slice(0, 20, 10_000, atLeastOne: true).Segment);
    }

    [Fact]
    public void Segments_roll_by_bytes_and_by_time_as_the_settings_say_when_they_are_written()
    {
        var log = _bed.Open();
        log.Config = log.Config with { SegmentBytes = 1 << 20, SegmentMs = 100 };
        LogBed.Append(log, 1000);
        LogBed.Append(log, 1100);
        Assert.Single(_bed.Segments);
        LogBed.Append(log, 1101);
        Assert.Equal(2, _bed.Segments.Count);
        log.Config = log.Config with { SegmentBytes = 10 };
        LogBed.Append(log, 1101);
        LogBed.Append(log, 1101);
        Assert.Equal(4, _bed.Segments.Count);
        Assert.Equal(5, _bed.Reopen(log).LogEndOffset);
    }

    [Fact]
    public void A_repeated_batch_is_known_although_its_segment_is_deleted()
    {
        var log = _bed.Open();
        var first = log.Append(LogBed.Batch("once", [1, 1], producerId: 7, epoch: 3, sequence: int.MaxValue));
        for (var i = 0; i < 10; i++) LogBed.Append(log, i);
        log.DeleteRecordsBefore(log.HighWatermark);
        log.Retain(0);
        Assert.DoesNotContain(LogBed.SegmentPath(0), _bed.Segments);
        for (var round = 0; round < 2; round++)
        {
            log = _bed.Reopen(log);
            var again = log.Append(LogBed.Batch("once", [1, 1], producerId: 7, epoch: 3, sequence: int.MaxValue));
            Assert.Equal(new Appended(ErrorCode.None, first.BaseOffset), again);
            Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, log.Append(LogBed.Batch("gap", [1], producerId: 7, epoch: 3, sequence: 2)).Error);
        }
        Assert.Equal(ErrorCode.None, log.Append(LogBed.Batch("next", [1], producerId: 7, epoch: 3, sequence: 1)).Error);
    }

    [Fact]
    public void The_power_may_be_cut_at_every_step_of_a_deletion()
    {
        for (var step = 0; ; step++)
        {
            var bed = new LogBed();
            var log = Filled(bed, 20, out var bases);
            log.Append(LogBed.Batch("once", [1], producerId: 7, epoch: 0, sequence: 0));
            log.Flush();
            log.DeleteRecordsBefore(bases[3]);
            bed.Disk.StepsLeft = step;
            var wasCut = false;
            try
            {
                log.Retain(0);
            }
            catch (PowerCutException)
            {
                wasCut = true;
            }
            for (var seed = 0; seed < 20; seed++)
            {
                var after = new LogBed { Disk = bed.Disk.AfterPowerCut(new Random(seed)) };
                using var again = after.Open();
                Assert.False(again.IsDamaged, $"step {step}, seed {seed}: {string.Join(';', after.Logged.Lines)}");
                Assert.Equal(21, again.HighWatermark);
                Assert.Contains(again.LogStartOffset, new[] { 0, bases[3] });
                Assert.Equal(Enumerable.Range((int)again.LogStartOffset, 21 - (int)again.LogStartOffset), LogBed.ReadAll(again).Select(r => (int)r.Offset));
                Assert.Equal(20, again.Append(LogBed.Batch("once", [1], producerId: 7, epoch: 0, sequence: 0)).BaseOffset);
            }
            if (!wasCut) break;
        }
    }

    [Fact]
    public void A_log_start_that_cannot_be_read_refuses_the_partition()
    {
        var log = Filled(20, out var bases);
        log.DeleteRecordsBefore(bases[2]);
        log.Retain(0);
        log.Dispose();
        var path = $"{LogBed.Directory}/0.start";
        var bytes = _bed.Disk.Content(path);
        bytes[7] ^= 1;
        _bed.Disk.Put(path, bytes);
        Assert.True(_bed.Open().IsDamaged);
        _bed.Disk.Lose(path);
        Assert.True(_bed.Open().IsDamaged);
    }

    private PartitionLog Filled(int batches, out long[] bases) => Filled(_bed, batches, out bases);

    private static PartitionLog Filled(LogBed bed, int batches, out long[] bases)
    {
        var log = bed.Open();
        for (var i = 0; i < batches; i++) LogBed.Append(log, i);
        bases = [.. bed.Segments.Select(s => long.Parse(Path.GetFileNameWithoutExtension(s).Split('-')[1], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.True(bases.Length > 4);
        return log;
    }
}
