using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Tests.Transactions;

/// <summary>An embedded broker of a test's own, to be stopped, started again, and copied as a kill would leave it.</summary>
public sealed class TransactionBed : IAsyncDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("broker-transactions-").FullName;
    private EmbeddedBroker? _broker;
    private int _copies;

    public TransactionBed() => Options = new EmbeddedBrokerOptions { DataDirectory = Path.Combine(_root, "data") };

    public EmbeddedBrokerOptions Options { get; set; }

    public string BootstrapServers => _broker!.BootstrapServers;

    public async Task<TransactionWire> StartAsync()
    {
        if (_broker is not null) await _broker.DisposeAsync();
        _broker = await EmbeddedBroker.StartAsync(Options);
        return await ConnectAsync();
    }

    public Task<TransactionWire> ConnectAsync() => TransactionWire.ConnectAsync(BootstrapServers);

    /// <summary>What a kill at this moment would leave, for the next start.</summary>
    public string Copy()
    {
        var copy = Path.Combine(_root, $"copy-{++_copies}");
        using var process = Process.Start("cp", ["-r", Options.DataDirectory, copy])!;
        process.WaitForExit();
        return copy;
    }

    public async Task CreateTopicAsync(string topic, int partitions = 1)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1 }]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null) await _broker.DisposeAsync();
        Directory.Delete(_root, recursive: true);
    }
}
