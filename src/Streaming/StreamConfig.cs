namespace Streams.Streaming;

public enum ProcessingGuarantee
{
    /// <summary>Outputs, changelogs and offsets in one transaction (Kafka Streams' exactly_once_v2).</summary>
    ExactlyOnce,

    /// <summary>Outputs and changelogs are acknowledged before offsets are committed; after a crash some are written again.</summary>
    AtLeastOnce,
}

/// <summary>How the instances of an application share the partitions out (group.protocol).</summary>
public enum GroupProtocol
{
    /// <summary>Eager: every rebalance stops and restores all tasks. Works with every broker.</summary>
    Classic,

    /// <summary>KIP-848 (brokers from 4.0): only the partitions that move are stopped, the other tasks run on.</summary>
    Consumer,
}

/// <summary>Settings of a <see cref="KafkaStream"/>, under Kafka Streams' names.</summary>
public sealed record StreamConfig
{
    /// <summary>The consumer group, and the prefix of changelog topics and transactional ids.</summary>
    public required string ApplicationId { get; init; }

    public required string BootstrapServers { get; init; }

    public int NumStreamThreads { get; init; } = 1;

    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>After this the broker aborts what an instance left open; must not be shorter than the commit interval.</summary>
    public TimeSpan TransactionTimeout { get; init; } = TimeSpan.FromSeconds(10);

    public GroupProtocol GroupProtocol { get; init; }

    /// <summary>Silence after which an instance's partitions go to others. In the consumer protocol the broker says how long (group.consumer.session.timeout.ms).</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(45);

    /// <summary>An instance that does not poll for so long loses its partitions (max.poll.interval.ms).</summary>
    public TimeSpan MaxPollInterval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// For tasks with several inputs (max.task.idle.ms), which take the earliest record first. Negative: no waiting for an input that has no records here.
    /// Zero: waiting for records that the broker is known to have. More: waiting so long beyond that for records yet to be written.
    /// </summary>
    public TimeSpan MaxTaskIdle { get; init; } = TimeSpan.Zero;

    /// <summary>An input of a task with several inputs is fetched no further while more records than this wait (buffered.records.per.partition).</summary>
    public int BufferedRecordsPerPartition { get; init; } = 1000;

    /// <summary>How often processed records of repartition topics are deleted (repartition.purge.interval.ms).</summary>
    public TimeSpan RepartitionPurgeInterval { get; init; } = TimeSpan.FromSeconds(30);

    public ProcessingGuarantee ProcessingGuarantee { get; init; } = ProcessingGuarantee.ExactlyOnce;

    /// <summary>
    /// Where records go that cannot be handled, and those that processors drop; created when it is missing (errors.dead.letter.queue.topic.name). Null: where
    /// no handler says otherwise a failure ends the thread, and dropped records go to "&lt;application.id&gt;-dead-letters".
    /// </summary>
    public string? DeadLetterTopic { get; init; }

    /// <summary>Null: the dead letters where <see cref="DeadLetterTopic"/> is set, else failure.</summary>
    public IDeserializationExceptionHandler? DeserializationExceptionHandler { get; init; }

    /// <summary>Null: the dead letters where <see cref="DeadLetterTopic"/> is set, else failure.</summary>
    public IProcessingExceptionHandler? ProcessingExceptionHandler { get; init; }

    /// <summary>Null: the dead letters where <see cref="DeadLetterTopic"/> is set, else failure.</summary>
    public IProductionExceptionHandler? ProductionExceptionHandler { get; init; }

    /// <summary>Asked when a stream thread has died. Null: the instance stops with the error.</summary>
    public Func<Exception, StreamThreadExceptionResponse>? UncaughtExceptionHandler { get; init; }

    /// <summary>"host:port" under which other instances can ask this one for its state (application.server); it travels in the client id.</summary>
    public string? ApplicationServer { get; init; }

    /// <summary>A name that survives restarts: static membership, and a restart ends at once the transaction its predecessor left. Null: a random one.</summary>
    public string? InstanceId { get; init; }

    /// <summary>How long one step (committed offsets, transaction start, recovery) is retried before the instance fails (task.timeout.ms).</summary>
    public TimeSpan TaskTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Replicas of changelog topics; -1: the broker's default.</summary>
    public short ChangelogReplicationFactor { get; init; } = -1;

    /// <summary>Further settings of changelog topics that are created.</summary>
    public IReadOnlyDictionary<string, string> ChangelogTopicSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>Further client settings in librdkafka's names (security, for example). What exactly once rests on cannot be overridden.</summary>
    public IReadOnlyDictionary<string, string> ClientSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Where tasks keep local state, in &lt;state.dir&gt;/&lt;application.id&gt;/&lt;task&gt; (state.dir): a start then reads of the changelog only what came
    /// after it. Instances may share it. Null: none, every start restores from the changelogs alone.
    /// </summary>
    public string? StateDir { get; init; }

    /// <summary>fsync local state with each commit. Not needed for correctness: after power loss more of the changelog is read.</summary>
    public bool StateDirFsync { get; init; }

    /// <summary>Local state of a task that has not been here for this long is deleted (state.cleanup.delay.ms).</summary>
    public TimeSpan StateCleanupDelay { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How many other instances keep a copy of each task's local state (num.standby.replicas). Needs <see cref="StateDir"/>.</summary>
    public int NumStandbyReplicas { get; init; }

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(ApplicationId);
        ArgumentException.ThrowIfNullOrWhiteSpace(BootstrapServers);
        ArgumentOutOfRangeException.ThrowIfLessThan(NumStreamThreads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CommitInterval, TimeSpan.Zero);
        if (NumStandbyReplicas < 0 || (NumStandbyReplicas > 0 && StateDir is null))
            throw new ArgumentException($"NumStandbyReplicas is {NumStandbyReplicas}; standbys need StateDir");
        if (StateDir is not null && (ApplicationId is "." or ".." || ApplicationId.AsSpan().ContainsAny('/', '\\', '\0')))
            throw new ArgumentException($"ApplicationId \"{ApplicationId}\" cannot name a directory of StateDir");
        ArgumentOutOfRangeException.ThrowIfLessThan(BufferedRecordsPerPartition, 1);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(MaxPollInterval, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(RepartitionPurgeInterval, TimeSpan.Zero);
        if (ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce && TransactionTimeout < CommitInterval)
            throw new ArgumentException($"TransactionTimeout ({TransactionTimeout}) is shorter than CommitInterval ({CommitInterval})");
    }
}
