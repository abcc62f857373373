using System.Diagnostics;
using Streams.Broker.Disk;
using Streams.Broker.Log;
using Xunit.Abstractions;

namespace Streams.Broker.Tests.Log;

/// <summary>How fast a log of small batches is read back from files; the full run reads 1 GB.</summary>
public sealed class RecoverySpeedTests(ITestOutputHelper output) : IDisposable
{
    private const int Partitions = 4;
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-log-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Small_batches_come_back_at_the_speed_of_the_disk()
    {
        var bytes = (long)Tier.Of(64, 1024) << 20;
        for (var p = 0; p < Partitions; p++) Write(p, bytes / Partitions);
        var logs = Enumerable.Range(0, Partitions).Select(p => new PartitionLog(new LogHost(new LocalDisk(), TimeProvider.System, Environment.FailFast), _directory, "t", p, new LogConfig())).ToList();
        var (watch, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        Parallel.ForEach(logs, log => log.Recover(new LoggedLines()));
        output.WriteLine($"{bytes >> 20} MB in {watch.ElapsedMilliseconds} ms, {(Environment.CpuUsage.TotalTime - before).TotalMilliseconds:0} ms of all the process's CPU");
        foreach (var log in logs)
        {
            Assert.False(log.IsDamaged);
            Assert.Equal(log.Size / 200, log.HighWatermark);
            log.Dispose();
        }
        Assert.True(watch.Elapsed < TimeSpan.FromMinutes(3), "a machine that is busy with other tests still reads 1 GB within three minutes");
    }

    private void Write(int partition, long bytes)
    {
        var batch = LogBed.Batch(new string('v', 130), [1]);
        batch = LogBed.Batch(new string('v', 130 + 200 - batch.Length), [1], producerId: 5, epoch: 0, sequence: 0);
        Assert.Equal(200, batch.Length);
        using var file = new FileStream(SegmentName.Plain(_directory, partition, 0).Path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20);
        for (var offset = 0L; offset < bytes / batch.Length; offset++)
        {
            RecordBatch.WriteBaseOffset(batch, offset);
            file.Write(batch);
        }
    }
}
