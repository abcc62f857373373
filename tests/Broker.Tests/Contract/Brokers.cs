namespace Streams.Broker.Tests.Contract;

/// <summary>A broker that the contract is checked on.</summary>
public interface IBrokerUnderTest
{
    /// <summary>Why it cannot be used here, or null.</summary>
    string? Missing { get; }

    string? BootstrapServers { get; }
}

/// <summary>One embedded broker for all parts of the contract.</summary>
public sealed class Embedded : IBrokerUnderTest, IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-").FullName;
    private EmbeddedBroker? _broker;

    public string? Missing => null;

    public string BootstrapServers => _broker!.BootstrapServers;

    public async Task InitializeAsync() => _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions
    {
        DataDirectory = _directory, RetentionCheckInterval = TimeSpan.FromMilliseconds(200), CleanerInterval = TimeSpan.FromSeconds(0.5),
    });

    public async Task DisposeAsync()
    {
        await _broker!.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

/// <summary>One Apache Kafka for all parts of the contract.</summary>
public sealed class ApacheKafka : RealKafka, IBrokerUnderTest;

[CollectionDefinition(nameof(Embedded))]
public sealed class EmbeddedCollection : ICollectionFixture<Embedded>;

[CollectionDefinition(nameof(ApacheKafka))]
public sealed class ApacheKafkaCollection : ICollectionFixture<ApacheKafka>;
