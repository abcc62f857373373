using Streams.Streaming.Runtime;

namespace Streams.Streaming;

/// <summary>Interactive queries.</summary>
public sealed partial class KafkaStream
{
    private static readonly TimeSpan MembersAge = TimeSpan.FromSeconds(5);
    private (int Assignments, long At, IReadOnlyList<StreamsMetadata> Instances)? members;
    private int assignments;

    /// <summary>
    /// The part of a store that this instance has. What it reads includes changes that are not committed yet, as in Kafka Streams.
    /// </summary>
    /// <exception cref="InvalidStateStoreException">The instance does not run, or does not have the partition.</exception>
    public LocalStore<T> Store<T>(StoreQueryParameters parameters)
        where T : IStateStore
    {
        var sub = SubTopologyOf(parameters.StoreName);
        var store = new LocalStore<T>(parameters, () => TasksOf(sub));
        store.RequireHere();
        return store;
    }

    /// <summary>
    /// Which partition of a store a key belongs to, by the partitioner that sinks and producers use unless they are told otherwise, and which instance has it
    /// now. The answer is some seconds old at most; an instance that does not have the partition any more says so when it is asked.
    /// </summary>
    /// <exception cref="InvalidStateStoreException">The instance was not started, or there is no such store.</exception>
    public async Task<KeyQueryMetadata> QueryMetadataForKeyAsync(string storeName, ReadOnlyMemory<byte> key, CancellationToken cancellation = default)
    {
        var sub = SubTopologyOf(storeName);
        if (topics is null || admin is null)
            throw new InvalidStateStoreException($"store \"{storeName}\": the instance is {State}; start it first");
        var partition = Murmur2.Partition(key.Span, topics.Partitions[sub.Id]);
        var instances = await InstancesAsync(cancellation);
        var host = instances.FirstOrDefault(i => i.TopicPartitions.Any(p => p.Topic == sub.SourceTopics[0] && p.Partition.Value == partition));
        return new KeyQueryMetadata(host?.HostInfo, partition);
    }

    /// <summary>Which partition of a store a key belongs to; null before the start. Asks nobody.</summary>
    /// <exception cref="InvalidStateStoreException">There is no such store.</exception>
    public int? PartitionForKey(string storeName, ReadOnlySpan<byte> key) =>
        SubTopologyOf(storeName) is var sub && topics is { } known ? Murmur2.Partition(key, known.Partitions[sub.Id]) : null;

    /// <summary>The threads of the application's instances and what each has, as the group's coordinator sees them (metadataForAllStreamsClients).</summary>
    public async Task<IReadOnlyList<StreamsMetadata>> InstancesAsync(CancellationToken cancellation = default)
    {
        var now = Volatile.Read(ref assignments);
        if (members is { } known && known.Assignments == now && config.TimeProvider.GetElapsedTime(known.At) < MembersAge)
            return known.Instances;
        if (admin is null)
            throw new InvalidStateStoreException($"the instance is {State}; start it first");
        var found = await admin.MembersAsync().WaitAsync(cancellation);
        IReadOnlyList<StreamsMetadata> instances = [.. found.Select(m => new StreamsMetadata(HostOf(m.ClientId), m.ClientId, m.Assignment.TopicPartitions))];
        members = (now, config.TimeProvider.GetTimestamp(), instances);
        return instances;
    }

    private static string? HostOf(string clientId) => clientId.LastIndexOf('@') is var at and >= 0 ? clientId[(at + 1)..] : null;

    private SubTopology SubTopologyOf(string storeName) => subTopologies.FirstOrDefault(s => s.Stores.Any(store => store.Name == storeName))
        ?? throw new InvalidStateStoreException($"there is no store \"{storeName}\"");

    private IReadOnlyList<ActiveTask> TasksOf(SubTopology sub)
    {
        if (State is not (StreamState.Running or StreamState.Rebalancing))
            throw new InvalidStateStoreException($"the instance is {State}; stores can be read while it runs only");
        return [.. threads.OfType<StreamThread>().SelectMany(t => t.RunningTasks).Where(t => t.SubTopology == sub.Id).OrderBy(t => t.Task.Partition)];
    }
}
