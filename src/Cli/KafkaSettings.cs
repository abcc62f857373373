using Confluent.Kafka;
using Streams.Schemas.Registry;

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

    /// <summary>A client of the registry. Schemas are registered by a release (<c>streams schemas register</c>), on the fly only in development.</summary>
    public SchemaRegistryClient OpenRegistry(bool register = false)
    {
        try
        {
            return new(SchemaRegistryOptions.Parse(RegistryUrl ?? throw new CommandException(ExitCodes.WrongUsage, "--registry is needed: which schema registry?")) with { RegisterSchemas = register });
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"--registry: {e.Message}");
        }
    }
}
