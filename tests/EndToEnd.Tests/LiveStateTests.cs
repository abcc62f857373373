using System.Text;
using System.Text.Json.Nodes;
using Streams.Cli;
using Streams.Cli.Demo;
using Streams.Ingest.Files;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.EndToEnd.Tests;

/// <summary>Entitlement and preview asked of the running product over HTTP, after generated telemetry has gone its way.</summary>
public sealed class LiveStateTests
{
    [Fact]
    public async Task What_is_answered_is_what_was_sent()
    {
        const string Customer = "cust-0003";
        await using var plant = await DemoPlant.StartAsync(null, await PostgresServer.Shared.Value, "http://127.0.0.1:0", default);
        var report = await new DemoRun(plant, new DemoOptions(6000, 30, 7, null, null, ImportFormat.Csv), (_, _) => { }).RunAsync(default);

        Assert.True(report.Reconciled);
        var late = TopicReader.ReadAll(plant.Kafka.ToClientConfig(), Topics.UsageLate).Select(r => UsageEvent.Read(r.Message.Value.AsSpan(5)).Id).ToHashSet();
        var used = new TelemetryGenerator(7, 6000, 30).Events().Where(e => e.Customer == Customer && e.Meter == "messages.sent" && !late.Contains(e.Id)).DistinctBy(e => e.Id)
            .Aggregate(ExactDecimal.Zero, (sum, e) => sum + e.Quantity);
        var live = report.Live!;
        Assert.Equal(used.ToString(), (string)live.Entitlement["used"]!);
        Assert.Equal(used < ExactDecimal.FromInteger(60_000), (bool)live.Entitlement["allowed"]!);
        // The close of January moved time into February: the open period is that, with its fee and its commitment (79, less 5 %, with 8.25 % tax).
        Assert.Equal(($"{Customer}-contract/0001/preview", "2026-02-01T02:00:00Z"), (live.OpenPeriod, live.AsOf[..19] + "Z"));
        Assert.Equal("81.24 USD", live.Total);
        var alerts = TopicReader.ReadAll(plant.Kafka.ToClientConfig(), Topics.EntitlementAlerts).Select(r => (string)JsonNode.Parse(Encoding.UTF8.GetString(r.Message.Value))!["id"]!).ToList();
        Assert.Equal(alerts.Count, alerts.Distinct().Count());
        Assert.Equal(used >= ExactDecimal.FromInteger(30_000), alerts.Any(a => a.StartsWith($"{Customer}/", StringComparison.Ordinal)));
    }
}
