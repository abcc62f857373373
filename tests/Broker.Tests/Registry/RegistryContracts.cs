using Streams.Broker.Tests.Contract;
using Streams.Broker.Registry;

namespace Streams.Broker.Tests.Registry;

/// <summary>The real registry keeps the contract, with the differences that it names.</summary>
public sealed class ApicurioContract(RealRegistry registry) : RegistryContract, IClassFixture<RealRegistry>
{
    protected override bool IsApicurio => true;

    protected override Task<string> UrlAsync()
    {
        Skip.If(registry.Url is null, "../shared/registry or Java is missing");
        return Task.FromResult(registry.Url!);
    }
}

/// <summary>The embedded registry keeps it over Apache Kafka.</summary>
[Collection(nameof(ApacheKafka))]
public sealed class EmbeddedOnKafkaContract(ApacheKafka kafka) : RegistryContract, IAsyncLifetime
{
    EmbeddedRegistry? _registry;

    protected override async Task<string> UrlAsync()
    {
        Skip.If(kafka.BootstrapServers is null, "../shared/kafka or Java is missing");
        _registry ??= await EmbeddedRegistry.StartAsync(new() { BootstrapServers = kafka.BootstrapServers!, Topic = "_schemas-contract", StoreTimeout = TimeSpan.FromSeconds(60) });
        return _registry.Url;
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_registry is not null) await _registry.DisposeAsync();
    }
}

/// <summary>And over the embedded broker, as in the demo.</summary>
public sealed class EmbeddedOnEmbeddedContract : RegistryContract, IAsyncLifetime
{
    readonly string _directory = Directory.CreateTempSubdirectory("registry-broker-").FullName;
    EmbeddedBroker _broker = null!;
    EmbeddedRegistry _registry = null!;

    protected override Task<string> UrlAsync() => Task.FromResult(_registry.Url);

    public async Task InitializeAsync()
    {
        _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory });
        _registry = await EmbeddedRegistry.StartAsync(new() { BootstrapServers = _broker.BootstrapServers });
    }

    public async Task DisposeAsync()
    {
        await _registry.DisposeAsync();
        await _broker.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
