using Streams.Broker.Log;
using Streams.Broker.Protocol;

namespace Streams.Broker.Tests.Log;

/// <summary>What a log finds when it is opened again.</summary>
public sealed class RecoveryTests
{
    private readonly LogBed _bed = new();

    [Fact]
    public void A_tail_torn_at_every_byte_is_cut_with_a_warning_that_says_how_much()
    {
        var log = _bed.Open();
        LogBed.Append(log, 1);
        var path = _bed.Segments.Single();
        var kept = _bed.Disk.Content(path).Length;
        log.Append(LogBed.Batch(2));
        log.Dispose();
        var whole = _bed.Disk.Content(path);
        for (var length = kept + 1; length < whole.Length; length++)
        {
            _bed.Disk.Put(path, whole[..length]);
            using var again = _bed.Open();
            Assert.Equal(1, again.LogEndOffset);
            Assert.Equal(kept, _bed.Disk.Content(path).Length);
            Assert.Contains($"torn tail of {length - kept} bytes", _bed.Logged.Lines[^1]);
            Assert.StartsWith("Warning", _bed.Logged.Lines[^1]);
        }
    }

    public static TheoryData<string, byte[]> Tails => new()
    {
        { "zeros", new byte[500] },
        { "a short header", LogBed.Batch(7)[..40] },
        { "garbage", Enumerable.Range(0, 500).Select(i => (byte)((i * 31 + 7) % 251)).ToArray() },
        { "a length of 2 GiB", [0, 0, 0, 0, 0, 0, 0, 3, 0x7F, 0xFF, 0xFF, 0xFF, .. new byte[100]] },
        { "a negative length", [0, 0, 0, 0, 0, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF, .. new byte[100]] },
        { "a stale batch", LogBed.Batch(7) },
    };

    [Theory]
    [MemberData(nameof(Tails))]
    public void Bytes_that_are_no_batch_behind_the_durable_point_are_cut(string what, byte[] tail)
    {
        var log = _bed.Open();
        for (var i = 0; i < 3; i++) LogBed.Append(log, i);
        log.Dispose();
        var path = _bed.Segments.Single();
        var kept = _bed.Disk.Content(path);
        _bed.Disk.Put(path, [.. kept, .. tail]);
        using var again = _bed.Open();
        Assert.False(again.IsDamaged, what);
        Assert.Equal(3, again.HighWatermark);
        Assert.Equal(kept, _bed.Disk.Content(path));
        Assert.Equal(3, LogBed.Append(again, 3));
    }

    [Fact]
    public void Every_flipped_bit_of_what_was_durable_refuses_the_partition_and_keeps_its_files()
    {
        var log = _bed.Open();
        for (var i = 0; i < 8; i++) LogBed.Append(log, i);
        log.Dispose();
        Assert.True(_bed.Segments.Count > 1);
        foreach (var path in _bed.Segments)
        {
            var whole = _bed.Disk.Content(path);
            for (var bit = 0; bit < whole.Length * 8; bit++)
            {
                var flipped = whole.ToArray();
                flipped[bit / 8] ^= (byte)(1 << (bit % 8));
                var disk = _bed.Disk.Copy();
                disk.Put(path, flipped);
                var files = disk.Files(LogBed.Directory);
                using var again = new LogBed { Disk = disk }.Open();
                Assert.True(again.IsDamaged, $"bit {bit} of {path}");
                Assert.Equal(ErrorCode.KafkaStorageError, again.Append(LogBed.Batch(9)).Error);
                Assert.Equal(files, disk.Files(LogBed.Directory));
                Assert.Equal(flipped, disk.Content(path));
            }
        }
    }

    [Fact]
    public void A_missing_segment_at_any_place_refuses_the_partition_and_keeps_the_others()
    {
        var log = _bed.Open();
        for (var i = 0; i < 20; i++) LogBed.Append(log, i);
        log.Dispose();
        Assert.True(_bed.Segments.Count > 3);
        foreach (var path in _bed.Segments)
        {
            var disk = _bed.Disk.Copy();
            disk.Lose(path);
            var files = disk.Files(LogBed.Directory);
            using var again = new LogBed { Disk = disk }.Open();
            Assert.True(again.IsDamaged, path);
            Assert.Equal(files, disk.Files(LogBed.Directory));
        }
    }

    [Fact]
    public void All_segments_missing_is_damage_not_an_empty_log()
    {
        var log = _bed.Open();
        LogBed.Append(log, 1);
        log.Dispose();
        foreach (var path in _bed.Segments) _bed.Disk.Lose(path);
        Assert.True(_bed.Open().IsDamaged);
    }

    [Fact]
    public void Swapped_segments_refuse_the_partition()
    {
        var log = _bed.Open();
        for (var i = 0; i < 12; i++) LogBed.Append(log, i);
        log.Dispose();
        var (first, second) = (_bed.Disk.Content(_bed.Segments[0]), _bed.Disk.Content(_bed.Segments[1]));
        var (a, b) = (_bed.Segments[0], _bed.Segments[1]);
        _bed.Disk.Put(a, second);
        _bed.Disk.Put(b, first);
        Assert.True(_bed.Open().IsDamaged);
    }

    [Fact]
    public void The_durable_point_can_be_deleted_without_a_change_of_any_answer()
    {
        var log = _bed.Open();
        for (var i = 0; i < 12; i++) LogBed.Append(log, 1000 - i, 2000 - i);
        var before = (LogBed.ReadAll(log), log.FindTimestamp(1990, 100), log.FindMaxTimestamp(100), log.LogStartOffset, log.HighWatermark);
        _bed.Disk.Lose($"{LogBed.Directory}/0.durable");
        var again = _bed.Reopen(log);
        Assert.Equal(before.Item1, LogBed.ReadAll(again));
        Assert.Equal((before.Item2, before.Item3, before.Item4, before.Item5), (again.FindTimestamp(1990, 100), again.FindMaxTimestamp(100), again.LogStartOffset, again.HighWatermark));
    }

    [Fact]
    public void What_was_never_synced_is_on_disk_before_it_is_read_again()
    {
        var log = _bed.Open();
        log.Append(LogBed.Batch(1));
        var again = _bed.Reopen(log);
        Assert.Equal(1, again.HighWatermark);
        var afterCut = new LogBed { Disk = _bed.Disk.AfterPowerCut(new Random(1)) };
        Assert.Equal(1, afterCut.Open().HighWatermark);
    }

    [Fact]
    public void The_power_may_be_cut_at_every_step_of_a_recovery()
    {
        var log = _bed.Open();
        for (var i = 0; i < 6; i++) LogBed.Append(log, i);
        log.Append(LogBed.Batch(7));
        var torn = _bed.Disk.AfterPowerCut(new Random(5));
        var last = torn.Files(LogBed.Directory).Last(f => f.EndsWith(".log", StringComparison.Ordinal));
        torn.Put(last, [.. torn.Content(last), 1, 2, 3]);
        for (var step = 0; ; step++)
        {
            var disk = torn.Copy();
            disk.StepsLeft = step;
            try
            {
                new LogBed { Disk = disk }.Open();
                break;
            }
            catch (PowerCutException)
            {
                var left = disk.AfterPowerCut(new Random(step));
                using var again = new LogBed { Disk = left }.Open();
                Assert.False(again.IsDamaged);
                Assert.True(again.HighWatermark >= 6);
            }
        }
    }

    [Fact]
    public void A_batch_that_is_larger_than_what_is_read_at_once_comes_back()
    {
        _bed.Config = _bed.Config with { SegmentBytes = 8 << 20 };
        var log = _bed.Open();
        var large = LogBed.Batch(new string('x', 3 << 20), [1]);
        log.Append(large);
        LogBed.Append(log, 2);
        var again = _bed.Reopen(log);
        Assert.Equal([(0, 3 << 20), (1, 5)], LogBed.ReadAll(again).Select(r => (r.Offset, r.Value.Length)));
    }
}
