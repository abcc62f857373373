using Confluent.Kafka;
using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>A member of a group that reads committed records from the group's offsets on. Used by one thread.</summary>
internal sealed class GroupMember : IDisposable
{
    private readonly Run _run;
    private readonly int _client;
    private readonly string _group;
    private readonly IConsumer<Null, string> _consumer;
    private readonly Dictionary<int, long> _positions = [];
    private readonly Dictionary<int, long> _committed = [];
    private Session? _session;
    private bool _closing;

    public GroupMember(Run run, int client, string group)
    {
        (_run, _client, _group) = (run, client, group);
        _consumer = run.Cluster.Consumer(group, readCommitted: true)
            .SetPartitionsAssignedHandler((_, partitions) => Assigned(partitions))
            .SetPartitionsRevokedHandler((_, _) => Lose())
            .SetPartitionsLostHandler((_, _) => Lose()).Build();
        _consumer.Subscribe(run.Cluster.Topic);
    }

    /// <summary>Whether partitions came or went since this was last set to false.</summary>
    public bool Rebalanced { get; set; }

    public IConsumerGroupMetadata Metadata => _consumer.ConsumerGroupMetadata;

    /// <summary>What was read since the last commit, as offsets to commit.</summary>
    public IEnumerable<GroupOffset> Progress => _positions.Where(p => p.Value > _committed[p.Key]).Select(p => new GroupOffset(_group, p.Key, _committed[p.Key], p.Value));

    /// <summary>Reads up to <paramref name="records"/> into the operation, for as long as there are any.</summary>
    /// <exception cref="KafkaException">The broker could not say where the group is.</exception>
    public void Poll(Operation operation, int records)
    {
        while (operation.Reads.Count < records && _consumer.Consume(30) is { } result)
        {
            if (result.IsPartitionEOF) continue;
            operation.Reads.Add(new Read(_session!.Id, result.Partition.Value, result.Offset.Value, Text.Parse(result.Message.Value), _run.Journal.Tick()));
            _positions[result.Partition.Value] = result.Offset.Value + 1;
        }
    }

    /// <summary>The offsets in <see cref="Progress"/> are committed.</summary>
    public void Advance()
    {
        foreach (var (partition, position) in _positions) _committed[partition] = position;
    }

    /// <summary>Commits what was read, outside of transactions.</summary>
    /// <exception cref="KafkaException">The commit was refused or has no answer.</exception>
    public void Commit(IEnumerable<GroupOffset> offsets)
    {
        _consumer.Commit(offsets.Select(o => new TopicPartitionOffset(_run.Cluster.Topic, o.Partition, o.To)));
        Advance();
    }

    /// <summary>Back to the group's offsets.</summary>
    public void Rewind()
    {
        if (_positions.Count == 0 || _consumer.Assignment.Count == 0) return;
        foreach (var start in Begin(_consumer.Assignment)) _consumer.Seek(start);
    }

    public void Dispose()
    {
        _closing = true;
        _consumer.Close();
        _consumer.Dispose();
    }

    private List<TopicPartitionOffset> Assigned(List<TopicPartition> partitions)
    {
        Rebalanced = true;
        // A member that leaves may still be given partitions; it reads nothing more, and can ask nothing more either.
        return _closing ? [.. partitions.Select(p => new TopicPartitionOffset(p, Offset.Beginning))] : Begin(partitions);
    }

    private void Lose()
    {
        Rebalanced = true;
        _positions.Clear();
        _committed.Clear();
    }

    private List<TopicPartitionOffset> Begin(List<TopicPartition> partitions)
    {
        var operation = _run.Journal.Invoke(_client, OperationKind.Committed);
        // An open transaction may still change the offsets: the broker says so, and the client asks again.
        var told = Cluster.Insist(() =>
        {
            operation.Invoked = _run.Journal.Tick();
            return _consumer.Committed(partitions, _run.Cluster.CallTimeout);
        });
        var starts = told.Select(t => new TopicPartitionOffset(t.TopicPartition, Math.Max(0, t.Offset.Value))).ToList();
        _positions.Clear();
        _committed.Clear();
        foreach (var start in starts)
        {
            operation.Offsets.Add(new GroupOffset(_group, start.Partition.Value, start.Offset.Value, start.Offset.Value));
            _positions[start.Partition.Value] = _committed[start.Partition.Value] = start.Offset.Value;
        }
        _run.Journal.Complete(operation, Outcome.Ok);
        _session = _run.Journal.Open(_client, readCommitted: true, new Dictionary<int, long>(_positions));
        return starts;
    }
}
