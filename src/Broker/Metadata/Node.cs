using System.Collections.Concurrent;
using Streams.Broker.Disk;
using Streams.Broker.Groups;
using Streams.Broker.Log;
using Streams.Broker.Protocol;
using Streams.Broker.Transactions;

namespace Streams.Broker.Metadata;

/// <summary>The broker's state: topics, coordinators, and the journal they are rebuilt from.</summary>
internal sealed partial class Node : IAsyncDisposable
{
    public const int Id = 1;

    /// <summary>The most partitions that one request makes.</summary>
    public const int MaxPartitions = 10_000;

    private readonly ConcurrentDictionary<string, Topic> _topics = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<Guid, Topic> _topicsById = new();
    private readonly Lock _gate = new();
    private readonly string _topicsDirectory;
    private readonly LogHost _host;
    private readonly HashSet<Guid> _deletedTopics = [];

    public Node(EmbeddedBrokerOptions options)
    {
        Options = options;
        _host = new LogHost(options.Disk, options.TimeProvider, options.Fatal);
        Commit = new GroupCommit(options.Fatal);
        ClusterId = DataFormat.Open(Disk, options.DataDirectory);
        _topicsDirectory = Path.Combine(options.DataDirectory, "topics");
        Disk.CreateDirectory(_topicsDirectory);
        var journal = Path.Combine(options.DataDirectory, "journal");
        if (!Disk.FileExists(journal) && Disk.Directories(_topicsDirectory).Count > 0)
            throw new InvalidDataException($"{options.DataDirectory} holds topics but no journal; restore it from a copy");
        Journal = new Journal(_host, journal, Commit);
        BrokerConfigs = new BrokerConfigs(options);
        Groups = new GroupCoordinator(this);
        Transactions = new TransactionCoordinator(this);
    }

    public EmbeddedBrokerOptions Options { get; }

    public IDisk Disk => Options.Disk;

    public GroupCommit Commit { get; }

    public Journal Journal { get; }

    public BrokerConfigs BrokerConfigs { get; }

    public GroupCoordinator Groups { get; }

    public TransactionCoordinator Transactions { get; }

    /// <summary>What clients are told to connect to.</summary>
    public string Host { get; set; } = "127.0.0.1";

    public int Port { get; set; }

    public string ClusterId { get; }

    public IEnumerable<Topic> Topics => _topics.Values.OrderBy(t => t.Name, StringComparer.Ordinal);

    public long Now => Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Reads everything back from disk, the partitions side by side, and ends what was decided.</summary>
    /// <exception cref="IOException">The disk cannot be read or written.</exception>
    /// <exception cref="InvalidDataException">The journal is damaged.</exception>
    public void Recover()
    {
        Journal.Replay(Apply, Options.Logger);
        Groups.Load();
        foreach (var id in _deletedTopics) Disk.DeleteDirectory(DirectoryOf(id));
        var cores = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        try
        {
            Parallel.ForEach(Topics.SelectMany(t => t.Partitions).ToList(), cores, partition => partition.Recover(Options.Logger));
        }
        catch (AggregateException e) when (e.InnerException is IOException first)
        {
            throw new IOException($"the logs cannot be read back: {first.Message}", first);
        }
        Transactions.FinishPrepared();
        _maintenance = Task.WhenAll(EveryAsync(Options.RetentionCheckInterval, Maintain), EveryAsync(Options.CleanerInterval, () => Clean(_stopping.Token)));
    }

    public Topic? Find(string name) => _topics.GetValueOrDefault(name);

    public Topic? Find(Guid id) => _topicsById.GetValueOrDefault(id);

    public PartitionLog? Find(string topic, int partition) => Find(topic)?.Find(partition);

    /// <summary>Makes a topic; it lasts once the journal is flushed.</summary>
    public ErrorCode Create(string name, int partitions, Dictionary<string, string> configs)
    {
        if (TopicNames.Problem(name) is not null) return ErrorCode.InvalidTopic;
        if (partitions is < 1 or > MaxPartitions) return ErrorCode.InvalidPartitions;
        lock (_gate)
        {
            if (_topics.ContainsKey(name)) return ErrorCode.TopicAlreadyExists;
            if (FindCollision(name) is not null) return ErrorCode.InvalidTopic;
            var id = Guid.NewGuid();
            return TryRecord(() =>
            {
                Disk.CreateDirectory(DirectoryOf(id));
                return new TopicCreated(id, name, partitions, configs);
            });
        }
    }

    /// <summary>A topic whose name differs from this one in '.' and '_' alone.</summary>
    public Topic? FindCollision(string name) => _topics.Values.FirstOrDefault(t => TopicNames.Collide(t.Name, name));

    /// <summary>Changes a topic that exists at this moment, or tells that there is none, or no room on disk. The change is null where nothing is to be written.</summary>
    public ErrorCode Change(string topic, Func<Topic, JournalEntry?> change)
    {
        lock (_gate)
        {
            if (Find(topic) is not { } found) return ErrorCode.UnknownTopicOrPartition;
            return change(found) is { } entry ? TryRecord(entry) : ErrorCode.None;
        }
    }

    /// <summary>Changes what is set for this broker, or for all; from what was set before.</summary>
    public ErrorCode ChangeBroker(string broker, Func<IReadOnlyDictionary<string, string>, JournalEntry?> change)
    {
        lock (_gate)
        {
            return change(BrokerConfigs.Set(broker)) is { } entry ? TryRecord(entry) : ErrorCode.None;
        }
    }

    /// <summary><see cref="Record"/>, answered with KAFKA_STORAGE_ERROR, which clients try again, where the disk is full.</summary>
    public ErrorCode TryRecord(JournalEntry entry) => TryRecord(() => entry);

    /// <summary>Writes a change to the journal and applies it, as one step.</summary>
    /// <exception cref="IOException">The disk is full or broken; nothing has changed.</exception>
    public void Record(JournalEntry entry)
    {
        lock (_gate)
        {
            Journal.Append(entry);
            Apply(entry);
        }
    }

    /// <summary>The files of topics that were deleted; their deletion is in the journal and durable.</summary>
    public void RemoveFiles(Topic topic)
    {
        Disk.DeleteDirectory(DirectoryOf(topic.Id));
        lock (_gate) _deletedTopics.Remove(topic.Id);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _maintenance;
        Groups.Dispose();
        Transactions.Dispose();
        await Commit.DisposeAsync();
        foreach (var partition in Topics.SelectMany(t => t.Partitions)) partition.Dispose();
        Journal.Dispose();
        _stopping.Dispose();
    }

    private ErrorCode TryRecord(Func<JournalEntry> entry)
    {
        try
        {
            Record(entry());
            return ErrorCode.None;
        }
        catch (IOException e)
        {
            Options.Logger.JournalFull(e);
            return ErrorCode.KafkaStorageError;
        }
    }

    private string DirectoryOf(Guid id) => Path.Combine(_topicsDirectory, id.ToString("N"));

    private void Apply(JournalEntry entry)
    {
        switch (entry)
        {
            case TopicCreated e: Add(e); break;
            case TopicDeleted e: Remove(e.Name); break;
            case PartitionsAdded e: AddPartitions(_topics[e.Name], e.Partitions); break;
            case ConfigsChanged e: _topics[e.Name].Configure(e.Configs, BrokerConfigs); break;
            case BrokerConfigsChanged e: Configure(e); break;
            case RecordsDeleted e: Find(e.Name, e.Partition)?.DeleteRecordsBefore(e.StartOffset); break;
            case ProducerIdTaken e: Transactions.ProducerIds.Apply(e); break;
            case OffsetsCommitted or OffsetsRemoved or GroupDeleted or ClassicGroupChanged or ConsumerGroupChanged or ConsumerMemberChanged or ConsumerMemberRemoved:
                Groups.Apply(entry);
                break;
            case TransactionEntry e: Transactions.Apply(e); break;
            default: throw new InvalidDataException($"unknown journal entry {entry.GetType().Name}");
        }
    }

    private void Add(TopicCreated e)
    {
        Disk.CreateDirectory(DirectoryOf(e.Id));
        var topic = new Topic(e.Id, e.Name);
        topic.Configure(e.Configs, BrokerConfigs);
        AddPartitions(topic, e.Partitions);
        _topics[e.Name] = topic;
        _topicsById[e.Id] = topic;
        Groups.TopicsChanged();
    }

    private void Configure(BrokerConfigsChanged e)
    {
        BrokerConfigs.Apply(e);
        foreach (var topic in _topics.Values) topic.Configure(topic.Configs, BrokerConfigs);
    }

    private void AddPartitions(Topic topic, int count)
    {
        var added = Enumerable.Range(topic.Partitions.Length, count - topic.Partitions.Length)
            .Select(p => new PartitionLog(_host, DirectoryOf(topic.Id), topic.Name, p, topic.Config));
        topic.Partitions = [.. topic.Partitions, .. added];
        Groups.TopicsChanged();
    }

    private void Remove(string name)
    {
        if (!_topics.TryRemove(name, out var topic)) return;
        _topicsById.TryRemove(topic.Id, out _);
        _deletedTopics.Add(topic.Id);
        foreach (var partition in topic.Partitions) partition.Dispose();
        Groups.ForgetTopic(name);
    }
}
