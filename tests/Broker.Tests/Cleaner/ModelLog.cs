using Microsoft.Extensions.Logging.Abstractions;
using Streams.Broker.Compression;
using Streams.Broker.Log;

namespace Streams.Broker.Tests.Cleaner;

/// <summary>A clock that a test moves.</summary>
internal sealed class TestClock : TimeProvider
{
    public long Now { get; set; } = 1_000_000;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Now);
}

/// <summary>A compacted log on a disk in memory, and beside it all that was ever written to it.</summary>
internal sealed class ModelLog
{
    private readonly MemoryDisk _disk = new();
    private readonly LogHost _host;
    private readonly Dictionary<long, int> _sequences = [];
    private readonly Dictionary<long, List<long>> _open = [];

    public ModelLog(LogConfig config)
    {
        Config = config;
        _host = new LogHost(_disk, Clock, (what, e) => throw new InvalidOperationException(what, e));
        Log = Opened();
    }

    public TestClock Clock { get; } = new();

    public LogConfig Config { get; }

    public PartitionLog Log { get; private set; }

    /// <summary>Every record by its offset.</summary>
    public SortedDictionary<long, TestRecord> Written { get; } = [];

    /// <summary>Offsets of records whose transaction was aborted, or is open.</summary>
    public HashSet<long> Aborted { get; } = [];

    public IReadOnlyCollection<long> OpenTransactions => _open.Keys;

    public void Append(IReadOnlyList<TestRecord> records, Codec codec, long producerId = -1, bool transactional = false)
    {
        var sequence = producerId < 0 ? -1 : _sequences.GetValueOrDefault(producerId);
        var appended = Log.Append(TestBatch.Of(records, codec, producerId, (short)(producerId < 0 ? -1 : 0), sequence, transactional));
        Assert.Equal(Broker.Protocol.ErrorCode.None, appended.Error);
        for (var i = 0; i < records.Count; i++)
        {
            Written[appended.BaseOffset + i] = records[i];
        }
        if (producerId >= 0) _sequences[producerId] = sequence + records.Count;
        if (!transactional) return;
        var offsets = Enumerable.Range(0, records.Count).Select(i => appended.BaseOffset + i).ToList();
        Aborted.UnionWith(offsets);
        _open.TryAdd(producerId, []);
        _open[producerId].AddRange(offsets);
    }

    public void End(long producerId, bool commit)
    {
        Assert.True(_open.Remove(producerId, out var offsets));
        Assert.True(Log.AppendMarker(producerId, 0, commit, Clock.Now));
        if (commit) Aborted.ExceptWith(offsets);
    }

    public Cleaned? Clean(long mapBytes) => new LogCleaner(_disk, mapBytes).Clean(Log, Clock.Now);

    public void Restart()
    {
        Log.Flush();
        var before = (Log.LogEndOffset, Log.LastStableOffset, Known(Log));
        Log.Dispose();
        Log = Opened();
        Assert.Equal(before, (Log.LogEndOffset, Log.LastStableOffset, Known(Log)));
    }

    /// <summary>The values as a reader of committed records should end up with them.</summary>
    public Dictionary<string, string> Table(long endOffset) => ModelReader.Fold(Written.Where(r => r.Key < endOffset && !Aborted.Contains(r.Key)).Select(r => r.Value));

    private static string Known(PartitionLog log) => string.Join(' ', log.Producers().Select(p => (p.ProducerId, p.Epoch, p.LastSequence, p.OpenOffset)));

    private PartitionLog Opened()
    {
        var log = new PartitionLog(_host, "/log", "topic", 0, Config);
        log.Recover(NullLogger.Instance);
        Assert.False(log.IsDamaged);
        return log;
    }
}
