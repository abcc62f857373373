using Streams.Cli;
using Streams.Testing;

namespace Streams.EndToEnd.Tests;

/// <summary>A fresh Apache Kafka and a real schema registry, stopped and removed at the end.</summary>
sealed class KafkaAndRegistry : IAsyncDisposable
{
    readonly RealKafka _kafka = new();
    readonly RealRegistry _registry = new();

    public KafkaSettings Settings => new(_kafka.BootstrapServers!, _registry.Url!, new Dictionary<string, string>());

    /// <summary>Why they cannot be used here, or null.</summary>
    public static string? Missing => Checkout.ServersMissing("kafka") ?? Checkout.ServersMissing("registry");

    public static async Task<KafkaAndRegistry> StartAsync()
    {
        var servers = new KafkaAndRegistry();
        try
        {
            await servers._kafka.InitializeAsync();
            await servers._registry.InitializeAsync();
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _kafka.DisposeAsync();
        await _registry.DisposeAsync();
    }
}
