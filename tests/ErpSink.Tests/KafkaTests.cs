using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Replay;
using Streams.ErpSink.Status;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Testing;

namespace Streams.ErpSink.Tests;

/// <summary>The whole sink on Apache Kafka: consuming, posting, receipts, replay. Skipped where the broker or Java is missing.</summary>
public sealed class KafkaTests(PostgresFixture postgres, RealKafka kafka) : IClassFixture<PostgresFixture>, IClassFixture<RealKafka>
{
    [SkippableFact]
    public async Task What_is_on_the_topic_is_posted_once_receipted_and_a_replay_posts_nothing_twice()
    {
        Skip.If(kafka.Missing is not null, kafka.Missing);
        var bootstrap = kafka.BootstrapServers!;
        await CreateTopicsAsync(bootstrap);
        await using var harness = await SinkHarness.StartAsync(postgres.Database);
        var options = harness.Options() with { BootstrapServers = bootstrap, Postgres = postgres.ConnectionString };
        var documents = Enumerable.Range(1, 40).Select(n => Documents.Create(n, prefix: "kafka")).ToList();
        await ProduceAsync(bootstrap, documents, abort: Documents.Create(99, prefix: "aborted"));

        using (var host = Build(options))
        {
            await host.StartAsync();
            await ConfirmedAsync(harness, documents.Count);
            await harness.AssertPostedOnceAsync(documents);
            var receipts = ReadReceipts(bootstrap, documents.Count);
            Assert.Equal(documents.Select(d => d.DocumentKey).ToHashSet(), receipts.Select(r => r.DocumentKey).ToHashSet());
            Assert.All(receipts, r => Assert.Equal(ReceiptState.Confirmed, r.State));

            var active = host.Services.GetRequiredService<ReplayPlanner>();
            var (current, _) = await active.PlanAsync(new ReplayScope(), "ann");
            await Assert.ThrowsAsync<ReplayRefusedException>(() => active.ExecuteAsync(current.Id, "ann"));
            await host.StopAsync();
        }
        await ReplayAsync(bootstrap, harness, options, documents);
    }

    static async Task ReplayAsync(string bootstrap, SinkHarness harness, ErpSinkOptions options, List<ErpDocument> documents)
    {
        using var host = Build(options);
        var planner = host.Services.GetRequiredService<ReplayPlanner>();
        var scope = new ReplayScope { Period = "2026-01" };
        var (run, plan) = await planner.PlanAsync(scope, "ann");
        Assert.Equal((40L, 0), (plan.AlreadyConfirmed, plan.Costs.Count));
        Assert.Equal(documents.Aggregate(ExactDecimal.Zero, (sum, d) => sum + d.Total), plan.Affected.Single().Total);

        var late = Documents.Create(41, prefix: "kafka");
        await ProduceAsync(bootstrap, [late]);
        var refusal = await Assert.ThrowsAsync<ReplayRefusedException>(() => planner.ExecuteAsync(run.Id, "ann"));
        Assert.Contains("moved", refusal.Message, StringComparison.Ordinal);

        (run, plan) = await planner.PlanAsync(scope, "ann");
        Assert.Equal(late.Total, plan.ToBePosted.Single().Total);
        Assert.Equal(plan.Hash, (await planner.PlanAsync(scope, "ann")).Plan.Hash);
        run = await planner.ExecuteAsync(run.Id, "ann");
        Assert.Equal((1L, 40L, "done"), (run.Planned, run.Compared, run.State));
        var posts = harness.Simulator.Figures.Posts;
        await host.StartAsync();
        await ConfirmedAsync(harness, 41);
        await host.StopAsync();
        await harness.AssertPostedOnceAsync([.. documents, late]);
        Assert.Equal(posts + 1, harness.Simulator.Figures.Posts);
    }

    static IHost Build(ErpSinkOptions options)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddErpSink(options);
        return builder.Build();
    }

    static async Task ConfirmedAsync(SinkHarness harness, int documents)
    {
        var deadline = Stopwatch.StartNew();
        while ((await harness.Status.ByStateAsync()).Where(s => s.State == DocumentState.Confirmed).Sum(s => s.Documents) < documents)
        {
            Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(120), string.Join(", ", (await harness.Status.ByStateAsync()).Select(s => $"{s.Documents} {s.State}")));
            await Task.Delay(50);
        }
    }

    static async Task CreateTopicsAsync(string bootstrap)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        await admin.CreateTopicsAsync(new[] { Topics.ErpDocuments, Topics.ErpReceipts, Topics.ErpDeadLetters }
            .Select(name => new TopicSpecification { Name = name, NumPartitions = 2, ReplicationFactor = 1 }));
    }

    static async Task ProduceAsync(string bootstrap, IReadOnlyList<ErpDocument> documents, ErpDocument? abort = null)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
            { BootstrapServers = bootstrap, TransactionalId = "kafka-tests", Partitioner = Partitioner.Murmur2Random }).Build();
        producer.InitTransactions(TimeSpan.FromSeconds(30));
        if (abort is not null)
        {
            producer.BeginTransaction();
            await SendAsync(abort);
            producer.AbortTransaction();
        }
        producer.BeginTransaction();
        foreach (var document in documents) await SendAsync(document);
        producer.CommitTransaction();

        Task SendAsync(ErpDocument document)
        {
            var record = Documents.Record(document, 0);
            return producer.ProduceAsync(Topics.ErpDocuments, new Message<byte[], byte[]> { Key = record.Key!, Value = record.Value! });
        }
    }

    static List<ErpReceipt> ReadReceipts(string bootstrap, int count)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig
            { BootstrapServers = bootstrap, GroupId = "receipts-test", AutoOffsetReset = AutoOffsetReset.Earliest, IsolationLevel = IsolationLevel.ReadCommitted }).Build();
        consumer.Assign(new TopicPartitionOffset[] { new(Topics.ErpReceipts, 0, 0), new(Topics.ErpReceipts, 1, 0) });
        var receipts = new List<ErpReceipt>();
        var deadline = Stopwatch.StartNew();
        while (receipts.Count < count && deadline.Elapsed < TimeSpan.FromSeconds(120))
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(200)) is not { } result) continue;
            Assert.True(WireFormat.TryRead(result.Message.Value, out _, out var payload));
            var receipt = ErpReceipt.Read(payload);
            Assert.Equal(receipt.DocumentKey, Encoding.UTF8.GetString(result.Message.Key));
            receipts.Add(receipt);
        }
        return receipts;
    }
}
