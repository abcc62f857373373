namespace Streams.Broker;

/// <summary>How many connections there may be, and for how long they may say nothing.</summary>
public sealed record ConnectionOptions
{
    /// <summary>Connections in all; one more is closed as soon as it is accepted (Kafka's max.connections).</summary>
    public int Max { get; init; } = 10_000;

    /// <summary>Connections from one address (Kafka's max.connections.per.ip).</summary>
    public int MaxPerAddress { get; init; } = 10_000;

    /// <summary>A connection without a request for so long, and without one in work, is closed (Kafka's connections.max.idle.ms).</summary>
    public TimeSpan MaxIdle { get; init; } = TimeSpan.FromMinutes(10);
}
