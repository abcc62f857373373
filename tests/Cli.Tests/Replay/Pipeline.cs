using System.Buffers;
using System.Text;
using Confluent.Kafka;
using Streams.Aggregators.Metering;
using Streams.Broker;
using Streams.Rating.Contracts;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Cli.Tests.Replay;

/// <summary>
/// The metering on an embedded broker, run once over three months of two customers' usage with late, duplicate, corrected and unpriced events; on 10 February the
/// price of all time doubles.
/// </summary>
public sealed class Pipeline : IAsyncLifetime
{
    const int Partitions = 2;

    public const string Contracts = """
        {"customers": [{"id": "acme", "name": "Acme", "legalEntity": "de"}, {"id": "zeta", "name": "Zeta", "legalEntity": "de"}],
         "meters": [{"id": "api", "unit": "requests", "product": "api"}, {"id": "peak", "unit": "users", "product": "seats", "aggregation": "max"}],
         "priceBooks": [{"id": "list", "currency": "EUR", "versions": [{"version": 1, "from": "2026-01-01", "charges": [
           {"kind": "usage", "id": "api", "product": "api", "meter": "api", "price": {"model": "perUnit", "unitPrice": "0.10"}},
           {"kind": "usage", "id": "peak", "product": "seats", "meter": "peak", "price": {"model": "perUnit", "unitPrice": "5"}}]}]}],
         "contracts": [
           {"id": "acme-1", "customer": "acme", "currency": "EUR", "timeZone": "UTC", "versions": [{"version": 1, "from": "2026-01-01", "priceBook": "list"}]},
           {"id": "zeta-1", "customer": "zeta", "currency": "EUR", "timeZone": "UTC", "versions": [{"version": 1, "from": "2026-01-01", "priceBook": "list"}]}]}
        """;

    readonly List<string> _folders = [];
    readonly List<EmbeddedBroker> _brokers = [];
    readonly Dictionary<int, long> _ends = [];

    public string Kafka { get; private set; } = "";

    public ClientConfig Connection => new() { BootstrapServers = Kafka };

    public async Task InitializeAsync()
    {
        Kafka = await BrokerAsync();
        var contracts = new ContractBookSource();
        using var producer = Producer(Kafka);
        await LoadAsync(producer, Contracts);
        var options = new MeteringOptions { DuplicateHorizon = 90 * 86_400_000_000L };
        await using var stream = new KafkaStream(MeteringTopology.Build(options, contracts), new StreamConfig { ApplicationId = "streams-metering", BootstrapServers = Kafka, CommitInterval = TimeSpan.FromMilliseconds(50) });
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(180));
        await stream.StartAsync(deadline.Token);
        await SendAsync(producer, Usage.FirstHalf);
        await CommittedAsync(stream, deadline.Token);
        await LoadAsync(producer, Contracts.Replace("\"0.10\"", "\"0.20\"", StringComparison.Ordinal));
        while (contracts.Current.PriceBooks["list"].Versions[0].Charges.Count == 0 || !CanonicalJson.Write(contracts.Current.PriceBooks["list"]).Contains("\"0.2\"", StringComparison.Ordinal)) await Task.Delay(20, deadline.Token);
        await SendAsync(producer, Usage.SecondHalf);
        await CommittedAsync(stream, deadline.Token);
    }

    /// <summary>The topics on another broker, as if somebody had changed what stands there.</summary>
    public async Task<string> CopyAsync(Func<string, ConsumeResult<byte[], byte[]>, Message<byte[], byte[]>> change)
    {
        var target = await BrokerAsync();
        using var producer = Producer(target);
        foreach (var topic in new[] { Topics.UsageEvents, Topics.BillingDocuments, Topics.ContractEditions, Topics.Contracts })
        {
            foreach (var record in TopicReader.ReadAll(Connection, topic)) producer.Produce(new TopicPartition(topic, record.Partition), change(topic, record));
        }
        producer.Flush(TimeSpan.FromSeconds(30));
        return target;
    }

    public async Task DisposeAsync()
    {
        foreach (var broker in _brokers) await broker.DisposeAsync();
        foreach (var folder in _folders) Directory.Delete(folder, recursive: true);
    }

    async Task<string> BrokerAsync()
    {
        var folder = Directory.CreateTempSubdirectory("streams-replay-").FullName;
        _folders.Add(folder);
        var broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = folder });
        _brokers.Add(broker);
        await TopicProvisioner.EnsureAsync(new ClientConfig { BootstrapServers = broker.BootstrapServers }, Partitions);
        return broker.BootstrapServers;
    }

    static IProducer<byte[], byte[]> Producer(string kafka) =>
        new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = kafka, Partitioner = Partitioner.Murmur2Random, EnableIdempotence = true, LingerMs = 1 }).SetLogHandler((_, _) => { }).Build();

    static async Task LoadAsync(IProducer<byte[], byte[]> producer, string file)
    {
        foreach (var entry in ContractFile.Parse(file, "test", default)) await producer.ProduceAsync(Topics.Contracts, new() { Key = ContractBookSource.Key(entry.Kind, entry.Id), Value = Wire(entry.Write) });
    }

    async Task SendAsync(IProducer<byte[], byte[]> producer, IEnumerable<UsageEvent> events)
    {
        foreach (var usage in events)
        {
            var sent = await producer.ProduceAsync(Topics.UsageEvents, new() { Key = Encoding.UTF8.GetBytes(usage.CustomerId), Value = Encode(usage) });
            _ends[sent.Partition] = sent.Offset + 1;
        }
    }

    Task CommittedAsync(KafkaStream stream, CancellationToken cancel) =>
        stream.WaitUntilCommittedAsync(_ends, cancel);

    public static byte[] Encode(UsageEvent usage) => Wire(usage.Write);

    static byte[] Wire(Action<IBufferWriter<byte>> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(buffer, 1);
        write(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
