using Streams.Broker.Log;
using Streams.Broker.Metadata;

namespace Streams.Broker.Tests.Log;

/// <summary>A node without its network, over a disk in memory.</summary>
internal sealed class NodeBed
{
    public MemoryDisk Disk { get; set; } = new();

    public StandingClock Clock { get; } = new();

    public LoggedLines Logged { get; } = new();

    public List<string> Deaths { get; } = [];

    public long JournalCondenseBytes { get; set; } = 1 << 20;

    public Node Start()
    {
        var node = new Node(new EmbeddedBrokerOptions
        {
            DataDirectory = "/data", Disk = Disk, Logger = Logged, TimeProvider = Clock, SegmentBytes = 250, JournalCondenseBytes = JournalCondenseBytes,
            RetentionCheckInterval = TimeSpan.FromDays(1), Fatal = (reason, _) => { lock (Deaths) Deaths.Add(reason); },
        });
        node.Recover();
        return node;
    }

    /// <summary>Appends a record and waits until it is on disk.</summary>
    public static async Task<long> AppendAsync(Node node, PartitionLog log)
    {
        var appended = log.Append(LogBed.Batch(1));
        await node.Commit.FlushAsync(log);
        return appended.BaseOffset;
    }
}
