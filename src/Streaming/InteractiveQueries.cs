using System.Globalization;
using Confluent.Kafka;
using Streams.Streaming.Runtime;

namespace Streams.Streaming;

/// <summary>A store cannot be read here and now; the message says what to do.</summary>
public sealed class InvalidStateStoreException(string message) : Exception(message);

/// <summary>Which part of which store is to be read (Kafka Streams' class of that name).</summary>
public sealed record StoreQueryParameters
{
    public required string StoreName { get; init; }

    /// <summary>One partition; null: all that this instance has.</summary>
    public int? Partition { get; init; }

    public static StoreQueryParameters FromName(string storeName) => new() { StoreName = storeName };

    public StoreQueryParameters WithPartition(int partition) => this with { Partition = partition };
}

/// <summary>Where a key's state is.</summary>
/// <param name="ActiveHost">"host:port" of the instance (<see cref="StreamConfig.ApplicationServer"/>); null when nobody has the partition, or its owner does not say.</param>
public sealed record KeyQueryMetadata(string? ActiveHost, int Partition);

/// <summary>One thread of an instance.</summary>
public sealed record StreamsMetadata(string? HostInfo, string ClientId, IReadOnlyList<TopicPartition> TopicPartitions);

/// <summary>
/// A store of the tasks that run on this instance. Each read holds the task's gate, so it sees the store between two records and should be short: the
/// task waits for it.
/// </summary>
public sealed class LocalStore<T>
    where T : IStateStore
{
    private readonly StoreQueryParameters parameters;
    private readonly Func<IReadOnlyList<ActiveTask>> tasks;

    internal LocalStore(StoreQueryParameters parameters, Func<IReadOnlyList<ActiveTask>> tasks) => (this.parameters, this.tasks) = (parameters, tasks);

    /// <summary>The partitions that are here now.</summary>
    public IReadOnlyList<int> Partitions => [.. Here().Select(t => t.Task.Partition)];

    /// <summary>Reads one partition's store.</summary>
    /// <exception cref="InvalidStateStoreException">The partition is not here, or not here any more.</exception>
    public TResult Query<TResult>(int partition, Func<T, TResult> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return Read(Here().FirstOrDefault(t => t.Task.Partition == partition) ?? throw Missing(partition), read);
    }

    /// <summary>Reads the store of every partition that is here, one after the other, in the order of partitions.</summary>
    /// <exception cref="InvalidStateStoreException">None is here, or one of them has just gone.</exception>
    public IReadOnlyList<TResult> QueryAll<TResult>(Func<T, TResult> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        return [.. RequireHere().Select(t => Read(t, read))];
    }

    internal IReadOnlyList<ActiveTask> RequireHere() => Here() is { Count: > 0 } here ? here : throw Missing(parameters.Partition);

    private IReadOnlyList<ActiveTask> Here() => parameters.Partition is { } only ? [.. tasks().Where(t => t.Task.Partition == only)] : tasks();

    private TResult Read<TResult>(ActiveTask task, Func<T, TResult> read)
    {
        Interlocked.Increment(ref task.Queries);
        try
        {
            lock (task.Task.Gate)
            {
                if (task.State != TaskState.Running)
                    throw Missing(task.Task.Partition);
                return task.Task.Store(parameters.StoreName) is T store
                    ? read(store)
                    : throw new InvalidStateStoreException($"store \"{parameters.StoreName}\" is no {typeof(T).Name}");
            }
        }
        finally
        {
            Interlocked.Decrement(ref task.Queries);
        }
    }

    private InvalidStateStoreException Missing(int? partition) => new(
        $"store \"{parameters.StoreName}\"{(partition is { } p ? string.Create(CultureInfo.InvariantCulture, $" partition {p}") : "")} is not on this instance now: "
        + "it may have moved, or be restored at the moment; ask again, or ask which instance has it (QueryMetadataForKeyAsync)");
}
