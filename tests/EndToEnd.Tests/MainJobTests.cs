using System.Globalization;
using Confluent.Kafka;
using Streams.Cli;
using Streams.Cli.Demo;
using Streams.Ingest.Files;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Testing;

namespace Streams.EndToEnd.Tests;

/// <summary>
/// The main job over recorded data, from the file to the ERP's journal: every rated window is compared with <see cref="Oracle"/>.
/// On the embedded broker and registry, and on Apache Kafka with a real registry.
/// </summary>
public sealed class MainJobTests
{
    [SkippableTheory]
    [InlineData("azure-llm-conversation.csv")]
    [InlineData("azure-llm-code.csv")]
    [InlineData("apache-access.log")]
    public async Task Every_charge_is_what_the_file_says_on_the_embedded_broker(string file)
    {
        Skip.If(Checkout.DataMissing is not null, Checkout.DataMissing);
        await CheckAsync(file, null);
    }

    [SkippableTheory]
    [InlineData("azure-llm-conversation.csv")]
    [InlineData("apache-access.log")]
    public async Task Every_charge_is_what_the_file_says_on_Apache_Kafka(string file)
    {
        Skip.If(Checkout.DataMissing is not null, Checkout.DataMissing);
        Skip.If(KafkaAndRegistry.Missing is not null, KafkaAndRegistry.Missing);
        await using var servers = await KafkaAndRegistry.StartAsync();
        await CheckAsync(file, servers.Settings);
    }

    static async Task CheckAsync(string file, KafkaSettings? kafka)
    {
        var path = Checkout.Data(file);
        var isCsv = file.EndsWith(".csv", StringComparison.Ordinal);
        var mapping = Path.Combine(Checkout.Root, "docs", "mappings", isCsv ? "azure-llm.json" : "access-log.json");
        await using var plant = await DemoPlant.StartAsync(kafka, await PostgresServer.Shared.Value, "http://127.0.0.1:0", default);
        var options = new DemoOptions(0, 0, 0, path, mapping, isCsv ? ImportFormat.Csv : ImportFormat.AccessLog);

        var report = await new DemoRun(plant, options, (_, _) => { }).RunAsync(default);

        var expected = Oracle.Rate(isCsv ? Oracle.AzureFacts(path, customers: 25) : Oracle.AccessLogFacts(path));
        Compare(expected, Rated(plant.Kafka.ToClientConfig()));
        Assert.All(report.Reconciliation, line => Assert.True(line.Difference == ExactDecimal.Zero, line.ToString()));
        Assert.Equal(expected.Values.Sum(c => c.Events), report.Dispositions.Accepted);
        Assert.Equal(0, report.Dispositions.Late + report.Dispositions.Duplicate + report.Dispositions.Parked + report.Dispositions.DeadLettered);
        CompareJournal(expected, plant);
    }

    static Dictionary<(string, string, DateTime), Oracle.Charge> Rated(ClientConfig connection)
    {
        var rated = new Dictionary<(string, string, DateTime), Oracle.Charge>();
        foreach (var record in TopicReader.ReadAll(connection, Topics.UsageRated))
        {
            Assert.True(WireFormat.TryRead(record.Message.Value, out _, out var payload));
            var w = RatedUsage.Read(payload);
            // Each window closes once: a second record of one would fail here.
            rated.Add((w.CustomerId, w.Meter, w.WindowStart.ToDateTimeOffset().UtcDateTime), new(w.Events, Decimal(w.Quantity), Decimal(w.Amount)));
        }
        return rated;
    }

    static void Compare(Dictionary<(string Customer, string Meter, DateTime Minute), Oracle.Charge> expected, Dictionary<(string, string, DateTime), Oracle.Charge> rated)
    {
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Count, rated.Count);
        foreach (var (window, charge) in expected)
        {
            Assert.True(rated.TryGetValue(window, out var actual), $"{window} was not rated");
            Assert.True(charge == actual, $"{window}: expected {charge}, rated {actual}");
        }
    }

    /// <summary>An invoice for each customer who has to pay something: the lines, rounded half up to cents, add up to what stands in the ERPs' journals.</summary>
    static void CompareJournal(Dictionary<(string Customer, string Meter, DateTime Minute), Oracle.Charge> expected, DemoPlant plant)
    {
        var totals = expected.GroupBy(c => c.Key.Customer).ToDictionary(g => g.Key, g => g.GroupBy(c => c.Key.Meter)
            .Sum(meter => Math.Round(meter.Sum(c => c.Value.Amount), 2, MidpointRounding.AwayFromZero))).Where(t => t.Value > 0).ToDictionary();
        Assert.Equal(totals.Count, plant.Committed.Count());
        foreach (var record in plant.Committed)
            Assert.Equal(totals[record.Entity!], decimal.Parse(record.Total, CultureInfo.InvariantCulture));
    }

    static decimal Decimal(ExactDecimal value) => decimal.Parse(value.ToString(), CultureInfo.InvariantCulture);
}
