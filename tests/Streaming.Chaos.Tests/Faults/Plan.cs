using Streams.Streaming.Chaos.Tests.Processes;

namespace Streams.Streaming.Chaos.Tests.Faults;

/// <summary>A run: on which broker, what application, and how much is done to it.</summary>
internal sealed record Plan(string Server, string Work, int Seed)
{
    /// <summary>Static membership and transactional ids that stay.</summary>
    public bool Static { get; init; }

    /// <summary>The broker itself is killed and started again.</summary>
    public bool BrokerKills { get; init; }

    /// <summary>Connections are cut and stalled.</summary>
    public bool Connections { get; init; }

    /// <summary>The consumer protocol (KIP-848) in place of the classic one.</summary>
    public GroupProtocol Protocol { get; init; }

    public int Threads { get; init; } = 1;

    public int Partitions { get; init; } = 6;

    public int PerSecond { get; init; } = 1500;

    public int Kills { get; init; } = Tier.Of(5, 20);

    public int Zombies { get; init; } = Tier.Of(1, 6);

    public int Storms { get; init; } = Tier.Of(1, 2);

    public int BrokerFaults => BrokerKills || Connections ? Tier.Of(2, 6) : 0;

    /// <summary>Workers are killed from outside only when the application has got on since the last time, however slow the machine.</summary>
    public bool AmidWork { get; init; }

    /// <summary>What the workers do wrong on purpose.</summary>
    public Bug Bug { get; init; }

    public override string ToString() => $"{Server}, {Work}, {(Static ? "static" : "dynamic")}{(Protocol == GroupProtocol.Consumer ? " consumer protocol" : "")}, {Threads} threads{(BrokerKills ? ", broker kills" : "")}{(Connections ? ", connections" : "")}{(Bug == Bug.None ? "" : $", {Bug}")}, seed {Seed}";
}
