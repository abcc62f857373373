using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>Every byte of a log flipped, every length cut: what is read is a prefix of the commits, with the offset that belongs to it, or nothing.</summary>
public sealed class LocalStateDamageTests
{
    private const string Folder = "state/0_0";
    private const int Commits = 9;
    private static readonly LogIdentity Identity = new("0_0", [("a", 7)]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_flipped_bit_or_a_cut_leaves_a_prefix(bool compacted)
    {
        var (files, states) = Written(compacted);
        var checkedOnes = 0;
        foreach (var path in files.Paths)
        {
            var bytes = files.Bytes(path);
            for (var i = 0; i < bytes.Length; i++)
            {
                var flipped = (byte[])bytes.Clone();
                flipped[i] ^= (byte)(1 << (i % 8));
                checkedOnes += AssertPrefix(files, path, flipped, states);
                checkedOnes += AssertPrefix(files, path, bytes[..i], states);
                checkedOnes += AssertPrefix(files, path, [.. bytes[..i], .. new byte[bytes.Length - i]], states);
            }
        }
        Assert.True(checkedOnes > 1000);
    }

    [Fact]
    public void A_log_of_another_topic_or_task_is_nothing()
    {
        var (files, _) = Written(compacted: false);
        Assert.False(Open(files.Copy(), Identity).IsEmpty);
        Assert.True(Open(files.Copy(), new LogIdentity("0_0", [("a", 9)])).IsEmpty);
        Assert.True(Open(files.Copy(), new LogIdentity("0_1", [("a", 7)])).IsEmpty);
        Assert.True(Open(files.Copy(), new LogIdentity("0_0", [("a", 7), ("b", 8)])).IsEmpty);
    }

    [Fact]
    public void A_merge_of_younger_segments_keeps_deletions_and_a_full_one_drops_them()
    {
        var files = new MemoryFiles(new Random(1));
        // Small enough that each commit has its own segment, and the first outweighs the rest.
        var options = new LocalLogOptions { SegmentBytes = 1, MaxSegments = 2 };
        using (var log = Open(files, Identity, options))
        {
            Commit(log, "gone", new string('x', 5000));
            Commit(log, "gone", null);
            Commit(log, "other", "1");
            Commit(log, "other", "2");
            log.Compact(CancellationToken.None);
        }
        Assert.Equal(2, files.Paths.Count);
        var store = new PlainStore("a");
        using (var log = Open(files, Identity, options))
        {
            Assert.Equal(3, log.Load([store], CancellationToken.None));
            Assert.Equal([new("other", "2")], store.Content);
            Commit(log, "big", new string('y', 6000));
            log.Compact(CancellationToken.None);
        }
        Assert.Single(files.Paths);
        store = new PlainStore("a");
        using (var log = Open(files, Identity, options))
            Assert.Equal(2, log.Load([store], CancellationToken.None));
        Assert.Equal(["big", "other"], store.Content.Keys);
    }

    [Fact]
    public void Entries_and_commits_larger_than_a_frame_come_back()
    {
        var files = new DiskFiles();
        var folder = Directory.CreateTempSubdirectory("streams-state-").FullName;
        var large = Encoding.UTF8.GetBytes(new string('z', 3 << 20));
        try
        {
            for (var round = 0; round < 2; round++)
            {
                using var log = OnDisk(files, folder);
                var counter = new CountingStore();
                Assert.Equal(round * 300_001, log.Load([counter], CancellationToken.None));
                Assert.Equal(round * (large.Length + 300_000L * 11), counter.Bytes);
                log.Buffer.Add(0, "large"u8, large, deleted: false);
                for (var i = 0; i < 300_000; i++)
                    log.Buffer.Add(0, Encoding.UTF8.GetBytes($"k{i:d6}"), "abcd"u8, deleted: false);
                log.Committed(transactional: true);
                Assert.Equal((round + 1) * 300_002, log.Positions[0]);
                log.Compact(CancellationToken.None);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_directory_has_one_user_in_this_process_and_in_others()
    {
        var files = new DiskFiles();
        var folder = Directory.CreateTempSubdirectory("streams-state-").FullName;
        try
        {
            var path = Path.Combine(folder, TaskStateLog.LockFile);
            var held = files.TryLock(path);
            Assert.NotNull(held);
            Assert.Null(files.TryLock(path));
            using (var other = System.Diagnostics.Process.Start("flock", ["--nonblock", path, "true"]))
            {
                other.WaitForExit();
                Assert.Equal(1, other.ExitCode);
            }
            held.Dispose();
            using var again = files.TryLock(path);
            Assert.NotNull(again);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static int AssertPrefix(MemoryFiles files, string path, byte[] bytes, IReadOnlyDictionary<long, SortedDictionary<string, string>> states)
    {
        var damaged = files.Copy();
        damaged.Set(path, bytes);
        using var log = Open(damaged, Identity);
        var store = new PlainStore("a");
        log.Load([store], CancellationToken.None);
        Assert.Equal(states[log.Positions[0]], store.Content);
        // What is added then stays readable.
        Commit(log, "after", "damage");
        log.Dispose();
        using var again = Open(damaged, Identity);
        var more = new PlainStore("a");
        again.Load([more], CancellationToken.None);
        store.Content["after"] = "damage";
        Assert.Equal(store.Content, more.Content);
        return 1;
    }

    /// <summary>Some commits over several segments, and by changelog offset what the store held then.</summary>
    private static (MemoryFiles Files, Dictionary<long, SortedDictionary<string, string>> States) Written(bool compacted)
    {
        var random = new Random(42);
        var files = new MemoryFiles(random);
        var store = new PlainStore("a");
        var states = new Dictionary<long, SortedDictionary<string, string>> { [0] = new(StringComparer.Ordinal) };
        using var log = Open(files, Identity, new LocalLogOptions { SegmentBytes = 300, MaxSegments = 3 });
        for (var i = 0; i < Commits; i++)
        {
            for (var j = 0; j < 3; j++)
            {
                var (key, value) = ("k" + random.Next(5), random.Next(4) == 0 ? null : $"value {i} {j}");
                log.Buffer.Add(0, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value ?? ""), value is null);
                store.Restore(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value ?? ""), value is null);
            }
            log.Committed(transactional: true);
            states[log.Positions[0]] = new(store.Content, StringComparer.Ordinal);
            if (compacted && i == Commits - 3)
                log.Compact(CancellationToken.None);
        }
        return (files, states);
    }

    private static void Commit(TaskStateLog log, string key, string? value)
    {
        log.Buffer.Add(0, Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(value ?? ""), value is null);
        log.Committed(transactional: true);
    }

    private static TaskStateLog Open(MemoryFiles files, LogIdentity identity, LocalLogOptions? options = null) => new(
        files, Folder, files.TryLock(Folder + "/" + TaskStateLog.LockFile)!, identity, options ?? new LocalLogOptions(), TimeProvider.System, NullLogger.Instance);

    private static TaskStateLog OnDisk(DiskFiles files, string folder) => new(
        files, folder, files.TryLock(Path.Combine(folder, TaskStateLog.LockFile))!, Identity, new LocalLogOptions { SegmentBytes = 1 << 20 }, TimeProvider.System, NullLogger.Instance);

    private sealed class CountingStore : IStateStore
    {
        public string Name => "a";

        public long Bytes { get; private set; }

        public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted) => Bytes += key.Length + value.Length - (value.Length > 4 ? 5 : 0);

        public void Flush(IChangelog changelog)
        {
        }
    }
}
