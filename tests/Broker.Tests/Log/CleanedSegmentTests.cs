using Streams.Broker.Log;

namespace Streams.Broker.Tests.Log;

/// <summary>Segments that compaction put in the place of others.</summary>
public sealed class CleanedSegmentTests
{
    [Fact]
    public void A_compacted_segment_has_holes_and_its_neighbours_stay()
    {
        var bed = new LogBed();
        var log = Filled(bed);
        Assert.True(Replace(bed, log, 1, 2, keep: o => o % 2 == 1, out var gone));
        var expected = Enumerable.Range(0, 20).Where(o => !gone.Contains(o)).ToList();
        Assert.Equal(expected, LogBed.ReadAll(log).Select(r => (int)r.Offset));
        log = bed.Reopen(log);
        Assert.Equal(expected, LogBed.ReadAll(log).Select(r => (int)r.Offset));
        Assert.Contains(bed.Segments, s => s.EndsWith(".cleaned.log", StringComparison.Ordinal));
        Assert.True(Replace(bed, log, 0, 2, keep: o => o % 4 == 1, out gone));
        Assert.Equal(expected.Except(gone), LogBed.ReadAll(bed.Reopen(log)).Select(r => (int)r.Offset));
    }

    [Fact]
    public void A_segment_may_be_compacted_to_nothing_and_again()
    {
        var bed = new LogBed();
        var log = Filled(bed);
        for (var round = 0; round < 2; round++)
        {
            Assert.True(Replace(bed, log, 0, 1, keep: _ => false, out _));
            log = bed.Reopen(log);
            Assert.False(log.IsDamaged);
            Assert.Equal(20, log.HighWatermark);
            Assert.True(LogBed.ReadAll(log)[0].Offset > 0);
        }
        log.Retain(bed.Clock.Now + 100_000);
    }

    [Fact]
    public void A_hole_in_a_segment_that_was_not_compacted_is_damage()
    {
        var bed = new LogBed();
        var log = Filled(bed);
        log.Dispose();
        var bytes = bed.Disk.Content(bed.Segments[0]);
        var first = (int)new RecordBatch(bytes).Size;
        bed.Disk.Put(bed.Segments[0], bytes[first..]);
        Assert.True(bed.Open().IsDamaged);
    }

    [Fact]
    public void A_compacted_segment_that_is_cut_at_a_batch_is_damage()
    {
        var bed = new LogBed();
        var log = Filled(bed);
        Assert.True(Replace(bed, log, 0, 1, keep: _ => true, out _));
        log.Dispose();
        var path = bed.Segments.Single(s => s.EndsWith(".cleaned.log", StringComparison.Ordinal));
        bed.Disk.Put(path, bed.Disk.Content(path)[..^1]);
        var files = bed.Disk.Files(LogBed.Directory);
        Assert.True(bed.Open().IsDamaged);
        Assert.Equal(files, bed.Disk.Files(LogBed.Directory));
    }

    [Fact]
    public void Segments_that_are_gone_meanwhile_are_not_replaced()
    {
        var bed = new LogBed();
        var log = Filled(bed);
        var old = log.Closed();
        log.DeleteRecordsBefore(20);
        log.Retain(bed.Clock.Now);
        using (var draft = bed.Disk.Open(log.CleaningPath)) draft.SetLength(0);
        Assert.False(log.Replace(old, bed.Clock.Now));
        Assert.False(bed.Disk.FileExists(log.CleaningPath));
    }

    [Fact]
    public void The_power_may_be_cut_at_every_step_of_a_replacement()
    {
        for (var step = 0; ; step++)
        {
            var bed = new LogBed();
            var log = Filled(bed);
            Assert.True(Replace(bed, log, 0, 1, keep: o => o % 2 == 1, out var before));
            bed.Disk.StepsLeft = step;
            var wasCut = false;
            var gone = new HashSet<int>();
            try
            {
                Replace(bed, log, 0, 3, keep: o => o % 4 == 1, out gone);
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
                Assert.Equal(20, again.HighWatermark);
                var read = LogBed.ReadAll(again).Select(r => (int)r.Offset).ToList();
                if (!wasCut) Assert.Equal(Enumerable.Range(0, 20).Where(o => !before.Contains(o) && !gone.Contains(o)), read);
                Assert.Equal(Enumerable.Range(12, 8), read.Where(o => o >= 12));
            }
            if (!wasCut) break;
        }
    }

    private static PartitionLog Filled(LogBed bed)
    {
        var log = bed.Open();
        for (var i = 0; i < 20; i++) LogBed.Append(log, i);
        return log;
    }

    private static bool Replace(LogBed bed, PartitionLog log, int from, int count, Func<int, bool> keep, out HashSet<int> gone)
    {
        gone = [];
        var old = log.Closed().Skip(from).Take(count).ToList();
        var kept = new MemoryStream();
        foreach (var segment in old)
        {
            using var reader = new BatchReader(segment.File, 0, segment.Size);
            while (reader.Next(out var bytes))
            {
                if (keep((int)new RecordBatch(bytes).BaseOffset)) kept.Write(bytes);
                else gone.Add((int)new RecordBatch(bytes).BaseOffset);
            }
        }
        using (var draft = bed.Disk.Open(log.CleaningPath))
        {
            draft.SetLength(0);
            draft.Write(kept.ToArray(), 0);
        }
        return log.Replace(old, bed.Clock.Now);
    }
}
