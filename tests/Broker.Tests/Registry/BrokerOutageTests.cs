using System.Diagnostics;
using Confluent.Kafka;
using Streams.Broker.Registry;
using Streams.Schemas.Registry;

namespace Streams.Broker.Tests.Registry;

/// <summary>A broker that goes away: what was read is still served, what cannot be stored is refused, and all goes on when it returns.</summary>
public sealed class BrokerOutageTests(RealKafka kafka) : IClassFixture<RealKafka>
{
    [SkippableFact]
    public async Task Without_its_broker_the_registry_reads_and_refuses_to_write_until_it_returns()
    {
        Skip.If(kafka.BootstrapServers is null, "../shared/kafka or Java is missing");
        await using var registry = await EmbeddedRegistry.StartAsync(new() { BootstrapServers = kafka.BootstrapServers!, StoreTimeout = TimeSpan.FromSeconds(15) });
        using var client = new SchemaRegistryClient(SchemaRegistryOptions.Parse(registry.Url) with { Retries = 0, RequestTimeout = TimeSpan.FromSeconds(60) });
        var id = await client.RegisterAsync("a", "\"string\"");
        await kafka.CommandAsync("stop", "--kill");
        Assert.Equal(id, (await client.LookupAsync("a", "\"string\"")).Id);
        var error = await Assert.ThrowsAsync<SchemaRegistryException>(() => client.RegisterAsync("b", "\"long\""));
        Assert.Contains(error.ErrorCode, new[] { SchemaRegistryErrors.StoreError, SchemaRegistryErrors.OperationTimedOut });
        Assert.DoesNotContain("b", await client.GetSubjectsAsync());
        await kafka.CommandAsync("resume");
        Assert.Equal(id + 1, await RegisterWithinAsync(TimeSpan.FromSeconds(180), client, "b", "\"long\""));
        Assert.Equal([1], await client.GetVersionsAsync("b"));
    }

    [Fact]
    public async Task A_broker_that_does_not_answer_fails_the_start()
    {
        var options = new EmbeddedRegistryOptions { BootstrapServers = $"127.0.0.1:{FreePorts.Take()}", StoreTimeout = TimeSpan.FromSeconds(1) };
        await Assert.ThrowsAnyAsync<KafkaException>(() => EmbeddedRegistry.StartAsync(options));
    }

    static async Task<int> RegisterWithinAsync(TimeSpan deadline, SchemaRegistryClient client, string subject, string schema)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await client.RegisterAsync(subject, schema);
            }
            catch (SchemaRegistryException e) when (e.ErrorCode is SchemaRegistryErrors.StoreError or SchemaRegistryErrors.OperationTimedOut && watch.Elapsed < deadline)
            {
                continue; // each try waits for the broker itself
            }
        }
    }
}
