using Confluent.Kafka;

namespace Streams.Cli;

/// <summary>Where Kafka and the registry are, and what else every client is to be told (-X key=value, librdkafka's names).</summary>
sealed record KafkaSettings(string BootstrapServers, string? RegistryUrl, IReadOnlyDictionary<string, string> Client)
{
    public ClientConfig ToClientConfig()
    {
        var config = new ClientConfig { BootstrapServers = BootstrapServers };
        foreach (var (key, value) in Client) config.Set(key, value);
        return config;
    }
}
