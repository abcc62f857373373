using Microsoft.Extensions.Logging;

namespace Streams.Broker.Registry;

/// <summary>How an <see cref="EmbeddedRegistry"/> runs.</summary>
public sealed record EmbeddedRegistryOptions
{
    /// <summary>The Kafka brokers that hold the schemas.</summary>
    public required string BootstrapServers { get; init; }

    /// <summary>The port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The compacted topic of one partition that holds the schemas; created when missing. One registry writes to it at a time.</summary>
    public string Topic { get; init; } = "_schemas";

    /// <summary>More settings of the Kafka clients, librdkafka's names (security.protocol, sasl.*…).</summary>
    public IReadOnlyDictionary<string, string> ClientSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>How long reading all schemas at the start may take.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long one read or write of the topic may take before the answer is 50001 or 50002.</summary>
    public TimeSpan StoreTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where the log goes; nowhere when null.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }
}
