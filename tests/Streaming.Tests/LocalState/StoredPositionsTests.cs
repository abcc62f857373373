using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>When a log may be gone on from, and who may delete it.</summary>
public sealed class StoredPositionsTests
{
    private const string Folder = "state/0_0";
    private static readonly StreamConfig Config = new() { ApplicationId = "app", BootstrapServers = "none" };
    private readonly MemoryFiles files = new(new Random(1));

    [Theory]
    [InlineData(0, 10, 0, null)]
    [InlineData(0, 11, 0, null)]
    [InlineData(10, 11, 0, null)]
    [InlineData(0, 9, 0, "ends at 9")]
    [InlineData(11, 20, 0, "begins at 11")]
    [InlineData(0, 11, 13, "old")]
    [InlineData(0, 10, 1000, null)]
    public void A_log_outside_of_its_changelog_or_too_old_for_its_deletions_is_refused(long start, long end, int hoursAgo, string? reason)
    {
        using var log = Open();
        log.Buffer.Add(0, "k"u8, "v"u8, deleted: false);
        log.ReadBack([10], DateTimeOffset.UtcNow.AddHours(-hoursAgo).ToUnixTimeMilliseconds());
        var answer = StoredPositions.WhyUnusable(log, [start], [end], Config);
        if (reason is null)
            Assert.Null(answer);
        else
            Assert.Contains(reason, answer);
    }

    [Fact]
    public void What_was_wiped_is_gone_wherever_the_crash_comes()
    {
        for (var crash = 0; ; crash++)
        {
            var disk = new MemoryFiles(new Random(crash));
            var log = Open(disk, new LocalLogOptions { SegmentBytes = 1 });
            for (var i = 0; i < 3; i++)
            {
                log.Buffer.Add(0, Encoding.UTF8.GetBytes($"k{i}"), "v"u8, deleted: false);
                log.Committed(transactional: true);
            }
            disk.CrashAfter = crash;
            var done = Xunit.Record.Exception(log.Wipe) is null;
            disk.Restart();
            using var after = Open(disk, new LocalLogOptions());
            Assert.True(after.IsEmpty || after.Positions[0] == 6, "a part of the log was left");
            if (done)
            {
                Assert.True(after.IsEmpty);
                return;
            }
        }
    }

    /// <summary>A crash while a crash is recovered from, three deep, at every file operation (KAFKA-10471, KAFKA-15375).</summary>
    [Fact]
    public void KAFKA_10471_a_crash_in_recovery_is_no_clean_start()
    {
        var count = 0;
        for (var first = 0; first < 40; first++)
        {
            for (var second = 0; second < 12; second += 3)
            {
                var disk = new MemoryFiles(new Random(first));
                var written = 0;
                foreach (var crash in new[] { first + 20, second, second + 2, -1 })
                {
                    disk.CrashAfter = crash;
                    Xunit.Record.Exception(() => written = Math.Max(written, Write(disk, written)));
                    disk.Restart();
                    count++;
                }
                using var last = Open(disk, new LocalLogOptions());
                var store = new PlainStore("a");
                last.Load([store], CancellationToken.None);
                Assert.Equal(last.Positions[0] / 2, store.Content.Count);
                Assert.True(last.Positions[0] / 2 >= written);
            }
        }
        Assert.True(count > 600);
    }

    [Fact]
    public void The_cleaner_deletes_what_nobody_has_had_for_the_delay()
    {
        var clock = new SteppedClock();
        var cleaner = new StateCleaner(files, "state", TimeSpan.FromMinutes(10), clock, NullLogger.Instance);
        using (var log = Open())
        {
            log.Buffer.Add(0, "k"u8, "v"u8, deleted: false);
            log.Committed(transactional: true);
            cleaner.Clean();
            clock.Now += TimeSpan.FromMinutes(11);
            cleaner.Clean();
            Assert.True(TaskStateLog.Exists(files, Folder));
        }
        cleaner.Clean();
        clock.Now += TimeSpan.FromMinutes(9);
        cleaner.Clean();
        Assert.True(TaskStateLog.Exists(files, Folder));
        clock.Now += TimeSpan.FromMinutes(2);
        cleaner.Clean();
        Assert.False(TaskStateLog.Exists(files, Folder));
    }

    [Fact]
    public void A_full_disk_stops_the_log_and_not_the_task()
    {
        var folder = Directory.CreateTempSubdirectory("streams-state-");
        try
        {
            var recorder = new LogRecorder();
            var disk = new DiskFiles();
            using var log = new TaskStateLog(
                disk, folder.FullName, disk.TryLock(Path.Combine(folder.FullName, TaskStateLog.LockFile))!, Identity, new LocalLogOptions(), TimeProvider.System, recorder);
            Directory.Delete(Path.Combine(folder.FullName, "log"));
            for (var i = 0; i < 2; i++)
            {
                log.Buffer.Add(0, "k"u8, "v"u8, deleted: false);
                log.Committed(transactional: true);
            }
            Assert.True(log.HasFailed && log.Buffer.IsEmpty);
            Assert.Single(recorder.Texts(2101));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static LogIdentity Identity => new("0_0", [("a", 7)]);

    private static int Write(MemoryFiles disk, int from)
    {
        using var log = Open(disk, new LocalLogOptions { SegmentBytes = 150, MaxSegments = 2 });
        var store = new PlainStore("a");
        log.Load([store], CancellationToken.None);
        var at = store.Content.Count;
        Assert.True(at >= from, "a commit was lost");
        for (var i = at; i < at + 8; i++)
        {
            log.Buffer.Add(0, Encoding.UTF8.GetBytes($"k{i}"), "v"u8, deleted: false);
            log.Committed(transactional: true);
            log.Compact(CancellationToken.None);
        }
        return at + 8;
    }

    private TaskStateLog Open() => Open(files, new LocalLogOptions());

    private static TaskStateLog Open(MemoryFiles disk, LocalLogOptions options) => new(
        disk, Folder, disk.TryLock(Folder + "/" + TaskStateLog.LockFile)!, Identity, options, TimeProvider.System, NullLogger.Instance);

    private sealed class SteppedClock : TimeProvider
    {
        public TimeSpan Now { get; set; } = TimeSpan.FromHours(1);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
