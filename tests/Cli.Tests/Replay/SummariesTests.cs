using System.Buffers;
using System.Text;
using Confluent.Kafka;
using Streams.Aggregators.Summaries;
using Streams.Broker;
using Streams.ErpSink.Consuming;
using Streams.Schemas;
using Streams.Schemas.Identity;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Cli.Tests.Replay;

/// <summary>Summary journals on a broker, over a stop and a start: the ledger's rules take what comes out.</summary>
public sealed class SummariesTests
{
    const int SchemaId = 5;

    [Fact]
    public async Task Documents_reach_the_ledger_within_a_journal_or_as_they_are()
    {
        var folder = Directory.CreateTempSubdirectory("streams-summaries-");
        try
        {
            await using var broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = folder.FullName });
            var connection = new ClientConfig { BootstrapServers = broker.BootstrapServers };
            await TopicProvisioner.EnsureAsync(connection, partitions: 2);
            var alone = Document("c", "DE01", "3.00");
            await SendAsync(connection, Document("a", "US01", "10.00"), alone);
            // The journal is not due in the first run; the second finds what was gathered.
            await RunAsync(connection, TimeSpan.FromDays(1), topic => topic.Count == 1);
            await SendAsync(connection, Document("b", "US01", "5.50"));
            await RunAsync(connection, TimeSpan.Zero, topic => topic.Sum(r => Read(r).Total.ToString() is var t && t != "3" ? decimal.Parse(t, System.Globalization.CultureInfo.InvariantCulture) : 0) == 15.5m);
            var written = TopicReader.ReadAll(connection, Topics.ErpDocuments).ToList();
            Assert.All(written, r => Assert.Null(DocumentRules.Check(Read(r), r.Message.Key)));
            Assert.Contains(written, r => Read(r).DocumentKey == alone.DocumentKey);
            Assert.Equal(2, written.Where(r => Read(r).Kind == DocumentKind.GlJournal).SelectMany(r => Read(r).Lines).Sum(l => l.Lineage.Sum(x => x.Events)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    static async Task RunAsync(ClientConfig connection, TimeSpan closeAfter, Func<List<ConsumeResult<byte[], byte[]>>, bool> done)
    {
        var options = new SummaryOptions { Rules = [new SummaryRule { Name = "us", LegalEntities = ["US01"] }], CloseAfter = closeAfter };
        await using var stream = new KafkaStream(SummaryTopology.Build(options, SchemaId), new StreamConfig { ApplicationId = "streams-summaries", BootstrapServers = connection.BootstrapServers, CommitInterval = TimeSpan.FromMilliseconds(50) });
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await stream.StartAsync(deadline.Token);
        while (!done([.. TopicReader.ReadAll(connection, Topics.ErpDocuments)])) await Task.Delay(100, deadline.Token);
    }

    static async Task SendAsync(ClientConfig connection, params ErpDocument[] documents)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig(connection) { Partitioner = Partitioner.Murmur2Random, EnableIdempotence = true }).SetLogHandler((_, _) => { }).Build();
        foreach (var document in documents)
        {
            var value = new ArrayBufferWriter<byte>();
            WireFormat.WriteHeader(value, SchemaId);
            document.Write(value);
            await producer.ProduceAsync(Topics.ErpEntries, new() { Key = Encoding.UTF8.GetBytes(document.CustomerId), Value = value.WrittenSpan.ToArray() });
        }
    }

    static ErpDocument Read(ConsumeResult<byte[], byte[]> record) => ErpDocument.Read(record.Message.Value.AsSpan(WireFormat.HeaderSize));

    static ErpDocument Document(string customer, string entity, string amount)
    {
        var document = new ErpDocument
        {
            DocumentKey = PostingKey.Create("t", entity, "AR_INVOICE", "2026-01", "USD", customer, 1), Tenant = "t", LegalEntity = entity, Kind = DocumentKind.ArInvoice, CustomerId = customer, ContractId = "k", ContractVersion = 1,
            Period = "2026-01", Revision = 1, Currency = "USD", DocumentDate = new(2026, 1, 31), ServiceFrom = new(1), ServiceTo = new(2), RatedTotal = ExactDecimal.Parse(amount), Total = ExactDecimal.Parse(amount), ContentHash = "",
            Lines = [new() { Line = 1, Product = "api", Meter = "calls", Quantity = ExactDecimal.Parse("1"), RatedAmount = ExactDecimal.Parse(amount), Amount = ExactDecimal.Parse(amount), Windows = 1, Events = 1, Lineage = [] }],
        };
        return DocumentHash.Put(document);
    }
}
