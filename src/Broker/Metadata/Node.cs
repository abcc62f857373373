using System.Collections.Concurrent;
using Streams.Broker.Disk;
using Streams.Broker.Groups;
using Streams.Broker.Log;
using Streams.Broker.Protocol;
using Streams.Broker.Transactions;

namespace Streams.Broker.Metadata;

/// <summary>The broker's state: topics, coordinators, and the journal they are rebuilt from.</summary>
internal sealed class Node : IAsyncDisposable
{
    public const int Id = 1;
    private readonly ConcurrentDictionary<string, Topic> _topics = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly string _topicsDirectory;

    public Node(EmbeddedBrokerOptions options)
    {
        Options = options;
        _topicsDirectory = Path.Combine(options.DataDirectory, "topics");
        Disk.CreateDirectory(_topicsDirectory);
        var journal = Path.Combine(options.DataDirectory, "journal");
        if (!Disk.FileExists(journal) && Disk.Directories(_topicsDirectory).Count > 0)
            throw new InvalidDataException($"{options.DataDirectory} holds topics but no journal; restore it from a copy");
        Journal = new Journal(Disk, journal, Commit);
        Groups = new GroupCoordinator(this);
        Transactions = new TransactionCoordinator(this);
    }

    public EmbeddedBrokerOptions Options { get; }

    public IDisk Disk => Options.Disk;

    public GroupCommit Commit { get; } = new();

    public Journal Journal { get; }

    public GroupCoordinator Groups { get; }

    public TransactionCoordinator Transactions { get; }

    public int Port { get; set; }

    public string ClusterId => "streams-embedded-broker";

    public IEnumerable<Topic> Topics => _topics.Values.OrderBy(t => t.Name, StringComparer.Ordinal);

    public long Now => Options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    public void Recover()
    {
        Journal.Replay(Apply, Options.Logger);
        Groups.Load();
        foreach (var partition in Topics.SelectMany(t => t.Partitions)) partition.Recover(Options.Logger);
        Transactions.FinishPrepared();
    }

    public Topic? Find(string name) => _topics.GetValueOrDefault(name);

    public Topic? Find(Guid id) => _topics.Values.FirstOrDefault(t => t.Id == id);

    public PartitionLog? Find(string topic, int partition) => Find(topic)?.Find(partition);

    /// <summary>Makes a topic; it lasts once the journal is flushed.</summary>
    public ErrorCode Create(string name, int partitions, Dictionary<string, string> configs)
    {
        if (!IsLegal(name)) return ErrorCode.InvalidTopic;
        if (partitions is < 1 or > 10_000) return ErrorCode.InvalidPartitions;
        lock (_gate)
        {
            if (_topics.ContainsKey(name)) return ErrorCode.TopicAlreadyExists;
            Record(new TopicCreated(Guid.NewGuid(), name, partitions, configs));
            return ErrorCode.None;
        }
    }

    /// <summary>Applies a change and writes it to the journal, as one step.</summary>
    public void Record(JournalEntry entry)
    {
        lock (_gate)
        {
            Journal.Append(entry);
            Apply(entry);
        }
    }

    /// <summary>The files of topics that were deleted; their deletion is in the journal and durable.</summary>
    public void RemoveFiles(Topic topic) => Disk.DeleteDirectory(DirectoryOf(topic.Id));

    public async ValueTask DisposeAsync()
    {
        Groups.Dispose();
        Transactions.Dispose();
        await Commit.DisposeAsync();
        foreach (var partition in Topics.SelectMany(t => t.Partitions)) partition.Dispose();
        Journal.Dispose();
    }

    private static bool IsLegal(string name) =>
        name.Length is > 0 and <= 249 && name is not ("." or "..") && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private string DirectoryOf(Guid id) => Path.Combine(_topicsDirectory, id.ToString("N"));

    private void Apply(JournalEntry entry)
    {
        switch (entry)
        {
            case TopicCreated e: Add(e); break;
            case TopicDeleted e: Remove(e.Name); break;
            case PartitionsAdded e: AddPartitions(_topics[e.Name], e.Partitions); break;
            case ConfigsChanged e: _topics[e.Name].Configs = e.Configs; break;
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
        var topic = new Topic(e.Id, e.Name) { Configs = e.Configs };
        AddPartitions(topic, e.Partitions);
        _topics[e.Name] = topic;
        Groups.TopicsChanged();
    }

    private void AddPartitions(Topic topic, int count)
    {
        var added = Enumerable.Range(topic.Partitions.Length, count - topic.Partitions.Length)
            .Select(p => new PartitionLog(Disk, DirectoryOf(topic.Id), topic.Name, p, Options.SegmentBytes));
        topic.Partitions = [.. topic.Partitions, .. added];
        Groups.TopicsChanged();
    }

    private void Remove(string name)
    {
        if (!_topics.TryRemove(name, out var topic)) return;
        foreach (var partition in topic.Partitions) partition.Dispose();
        Groups.ForgetTopic(name);
    }
}
