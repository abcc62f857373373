using System.Text.Json;

namespace Streams.Streaming.Chaos.Tests.Processes;

/// <summary>What a worker process is to do.</summary>
internal sealed record Job
{
    public required string BootstrapServers { get; init; }

    public required string Application { get; init; }

    /// <summary>The name of the <see cref="Work.IWork"/>.</summary>
    public required string Work { get; init; }

    public required string Input { get; init; }

    /// <summary>The folder of the workers' logs; each writes its own file.</summary>
    public required string Logs { get; init; }

    public int Threads { get; init; } = 1;

    /// <summary>Static membership; null: none.</summary>
    public string? Instance { get; init; }

    public int SessionMs { get; init; } = 2000;

    public int TransactionMs { get; init; } = 3000;

    public int CommitMs { get; init; } = 60;

    public GroupProtocol Protocol { get; init; }

    /// <summary>Further client settings.</summary>
    public Dictionary<string, string> Client { get; init; } = [];

    /// <summary>"kill POINT N" or "stop POINT N": at the N-th passing of the point the process ends itself by SIGKILL, or stops itself by SIGSTOP.</summary>
    public string? Trap { get; init; }

    /// <summary>What the worker does wrong on purpose.</summary>
    public Bug Bug { get; init; }

    /// <summary>An output topic.</summary>
    public string Topic(string suffix) => $"{Application}-{suffix}";

    public StreamConfig Config() => new()
    {
        ApplicationId = Application,
        BootstrapServers = BootstrapServers,
        NumStreamThreads = Threads,
        InstanceId = Instance,
        SessionTimeout = TimeSpan.FromMilliseconds(SessionMs),
        TransactionTimeout = TimeSpan.FromMilliseconds(TransactionMs),
        CommitInterval = TimeSpan.FromMilliseconds(CommitMs),
        ProcessingGuarantee = Bug == Bug.AtLeastOnce ? ProcessingGuarantee.AtLeastOnce : ProcessingGuarantee.ExactlyOnce,
        DeadLetterTopic = Topic("dead"),
        GroupProtocol = Protocol,
        ClientSettings = Client,
    };

    public string ToJson() => JsonSerializer.Serialize(this);
}

/// <summary>Mistakes that the checks must find.</summary>
internal enum Bug
{
    None,

    /// <summary>No transactions.</summary>
    AtLeastOnce,

    /// <summary>Offsets are committed in a transaction of their own, before the one that holds the outputs.</summary>
    OffsetsApart,

    /// <summary>State is not taken back from the changelog.</summary>
    SkipRestore,

    /// <summary>Of what a commit changed of the contracts' usage, something is not written to the changelog.</summary>
    SliceLost,

    /// <summary>Offsets are committed without the generation that the partitions were assigned in.</summary>
    NoFencing,
}
