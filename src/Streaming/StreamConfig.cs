namespace Streams.Streaming;

public enum ProcessingGuarantee
{
    /// <summary>Outputs, changelogs and offsets in one transaction (Kafka Streams' exactly_once_v2).</summary>
    ExactlyOnce,

    /// <summary>Outputs and changelogs are acknowledged before offsets are committed; after a crash some are written again.</summary>
    AtLeastOnce,
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

    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(45);

    public ProcessingGuarantee ProcessingGuarantee { get; init; } = ProcessingGuarantee.ExactlyOnce;

    /// <summary>
    /// Where a record goes (code PROCESSING_FAILED) whose processor threw; nothing else that it wrote is kept. Null: the exception ends the instance.
    /// </summary>
    public string? ProcessingExceptionDeadLetterTopic { get; init; }

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
        if (ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce && TransactionTimeout < CommitInterval)
            throw new ArgumentException($"TransactionTimeout ({TransactionTimeout}) is shorter than CommitInterval ({CommitInterval})");
    }
}
