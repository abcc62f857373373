using System.Diagnostics;
using System.Net;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Streams.Ingest.Http;
using Streams.Ingest.Publishing;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Timestamp = Streams.Schemas.Timestamp;

namespace Streams.Ingest.Tests;

/// <summary>The whole room against Apache Kafka: contracts, events, close, and a broker that goes away.</summary>
public sealed class KafkaTests(RealKafka server) : IClassFixture<RealKafka>
{
    const string Contracts = """{"meters":[{"id":"api.requests","unit":"request","product":"api"}]}""";

    static string Event(int id) => $$"""{"specversion":"1.0","id":"{{id}}","source":"crm","type":"api.requests","subject":"c-{{id % 7}}","time":"2026-03-01T11:00:00Z","data":{"quantity":"{{id}}.5"} }""";

    [SkippableFact]
    public async Task Events_reach_Kafka_once_acknowledged_and_a_stopped_broker_is_a_503()
    {
        Skip.If(server.Missing is not null, server.Missing);
        // Patient with a broker that a busy machine holds up.
        var kafka = new KafkaConnection { BootstrapServers = server.BootstrapServers!, DeliveryTimeout = TimeSpan.FromSeconds(60) };
        await CreateTopicsAsync(kafka.BootstrapServers);
        await using (var patient = await StartAsync(Entrance.Options with { Kafka = kafka }))
            await TakesAndClosesAsync(patient, kafka.BootstrapServers);

        // And soon done with one that is not there.
        await using var app = await StartAsync(Entrance.Options with { Kafka = kafka with { DeliveryTimeout = TimeSpan.FromSeconds(15) } });
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        await UntilAsync(async () => (await PostAsync(http, $"[{Event(100)}]")).StatusCode == HttpStatusCode.Accepted);
        var health = app.Services.GetRequiredService<HealthCheckService>();
        await UntilAsync(async () => (await health.CheckHealthAsync()).Status == HealthStatus.Healthy);

        await server.CommandAsync("stop", "--kill");
        var watch = Stopwatch.StartNew();
        var refused = await PostAsync(http, $"[{Event(101)}]");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.Equal(HealthStatus.Unhealthy, (await health.CheckHealthAsync()).Status);

        await server.CommandAsync("resume");
        await UntilAsync(async () => (await PostAsync(http, $"[{Event(101)}]")).StatusCode == HttpStatusCode.Accepted);
    }

    static async Task TakesAndClosesAsync(WebApplication app, string bootstrap)
    {
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        await UntilAsync(async () => (await PostAsync(http, Contracts, "application/json", "/v1/contracts", Entrance.ContractKey)).StatusCode == HttpStatusCode.Accepted);
        await UntilAsync(async () => (await PostAsync(http, $"[{Event(0)}]")).StatusCode == HttpStatusCode.Accepted);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(http, $"[{string.Join(',', Enumerable.Range(1, 99).Select(Event))}]")).StatusCode);
        var closed = new Timestamp(Timestamp.From(FixedClock.Noon).Micros);
        Assert.Equal(4, await CloseAsync(new FlushPublisher(app.Services.GetRequiredService<AcknowledgedProducer>(), app.Services.GetRequiredService<UsageEventPublisher>()), closed));
        AssertTopic(bootstrap, closed);
    }

    /// <summary>Asks again where no broker has told the number of partitions in time; nothing is published before that.</summary>
    static async Task<int> CloseAsync(FlushPublisher publisher, Timestamp through)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await publisher.CloseAsync(through);
            }
            catch (KafkaException) when (attempt < 6)
            {
                // It has waited for 10 s already.
            }
        }
    }

    static async Task<WebApplication> StartAsync(IngestOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<ISchemaRegistry, MemoryRegistry>().AddSingleton<TimeProvider>(new FixedClock(FixedClock.Noon)).AddIngest(options);
        var app = builder.Build();
        app.MapIngest();
        await app.StartAsync();
        return app;
    }

    /// <summary>Reads the topic with a plain consumer and holds it against what was sent.</summary>
    static void AssertTopic(string bootstrap, Timestamp closed)
    {
        using var consumer = new ConsumerBuilder<string, byte[]>(new ConsumerConfig { BootstrapServers = bootstrap, GroupId = "check", EnablePartitionEof = true }).Build();
        consumer.Assign(Enumerable.Range(0, 4).Select(p => new TopicPartitionOffset(Topics.UsageEvents, p, Offset.Beginning)));
        var records = new List<ConsumeResult<string, byte[]>>();
        for (var ends = 0; ends < 4;)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(60)) ?? throw new TimeoutException("The topic was not read in 60 s");
            if (result.IsPartitionEOF) ends++;
            else records.Add(result);
        }
        Assert.All(records, r => Assert.Equal(0, r.Message.Value[0]));
        var events = records.Select(r => (Record: r, Usage: UsageEvent.Read(r.Message.Value.AsSpan(5)))).ToList();
        var flushes = events.Where(e => e.Usage.Meter == "flush").ToList();
        Assert.Equal([0, 1, 2, 3], flushes.Select(f => f.Record.Partition.Value).Order());
        Assert.All(flushes, f => Assert.Equal((closed, "streams/close", "flush"), (f.Usage.OccurredAt, f.Usage.Source, f.Record.Message.Key)));
        var usage = events.Where(e => e.Usage.Meter == "api.requests").ToList();
        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"{i} c-{i % 7} {i}.5").Order(StringComparer.Ordinal),
            usage.Select(e => $"{e.Usage.Id} {e.Usage.CustomerId} {e.Usage.Quantity}").Distinct().Order(StringComparer.Ordinal));
        // Only the first was posted until it was accepted: what of it was not acknowledged may be there as well.
        Assert.All(usage.Where(e => e.Usage.Id != "0").GroupBy(e => e.Usage.Id), g => Assert.Single(g));
        Assert.All(usage, e => Assert.Equal((e.Usage.CustomerId, e.Usage.OccurredAt.Millis), (e.Record.Message.Key, e.Record.Message.Timestamp.UnixTimestampMs)));
        Assert.All(usage.GroupBy(e => e.Usage.CustomerId), g => Assert.Single(g.Select(e => e.Record.Partition).Distinct()));
    }

    static async Task CreateTopicsAsync(string bootstrap)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        var anyTime = new Dictionary<string, string> { ["retention.ms"] = "-1", ["message.timestamp.after.max.ms"] = long.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        await admin.CreateTopicsAsync(
        [
            new TopicSpecification { Name = Topics.UsageEvents, NumPartitions = 4, ReplicationFactor = 1, Configs = anyTime },
            new TopicSpecification { Name = Topics.Contracts, NumPartitions = 1, ReplicationFactor = 1, Configs = new() { ["cleanup.policy"] = "compact" } },
        ]);
    }

    static Task<HttpResponseMessage> PostAsync(HttpClient http, string body, string type = MediaTypes.Batch, string path = "/v1/events", string key = Entrance.Key)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new(type);
        request.Headers.Authorization = new("Bearer", key);
        return http.SendAsync(request);
    }

    static async Task UntilAsync(Func<Task<bool>> condition)
    {
        var deadline = Stopwatch.StartNew();
        while (!await condition())
        {
            if (deadline.Elapsed > TimeSpan.FromSeconds(120)) throw new TimeoutException("It did not come true within 120 s");
            await Task.Delay(200);
        }
    }
}
