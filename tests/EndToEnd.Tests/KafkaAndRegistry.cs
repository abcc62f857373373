using Streams.Cli;

namespace Streams.EndToEnd.Tests;

/// <summary>A fresh Apache Kafka and a real schema registry, stopped and removed at the end.</summary>
sealed class KafkaAndRegistry : IAsyncDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("streams-e2e-").FullName;

    public KafkaSettings Settings { get; private set; } = null!;

    public static async Task<KafkaAndRegistry> StartAsync()
    {
        var port = FreePorts();
        var servers = new KafkaAndRegistry();
        try
        {
            var kafka = await RealServers.RunAsync("kafka/kafka", "start", "--dir", Path.Combine(servers._folder, "kafka"), "--port", $"{port}");
            var registry = await RealServers.RunAsync("registry/registry", "start", "--dir", Path.Combine(servers._folder, "registry"), "--port", $"{port + 5}");
            var bootstrap = kafka.Split('\n').Single(l => l.StartsWith("bootstrap=", StringComparison.Ordinal))["bootstrap=".Length..];
            servers.Settings = new KafkaSettings(bootstrap, registry.Trim().Split('\n')[^1], new Dictionary<string, string>());
            return servers;
        }
        catch
        {
            await servers.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port with the next ones free as well: Kafka takes two, the registry the sixth. What an interrupted run left behind is avoided.</summary>
    static int FreePorts()
    {
        for (var port = 20_000 + Environment.ProcessId % 8_000; ; port += 10)
        {
            var taken = System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Select(l => l.Port).ToHashSet();
            if (!Enumerable.Range(port, 6).Any(taken.Contains)) return port;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(Path.Combine(_folder, "kafka"))) await RealServers.RunAsync("kafka/kafka", "stop", "--dir", Path.Combine(_folder, "kafka"), "--kill");
        if (File.Exists(Path.Combine(_folder, "registry", "registry.pid"))) await RealServers.RunAsync("registry/registry", "stop", "--dir", Path.Combine(_folder, "registry"));
        Directory.Delete(_folder, recursive: true);
    }
}
