using System.Text;
using System.Text.Json.Nodes;
using Confluent.Kafka;
using Streams.Aggregators.Replay;
using Streams.Schemas;
using static Streams.Cli.Tests.Replay.InProcess;

namespace Streams.Cli.Tests.Replay;

/// <summary>Shadow rating, lineage and the preview of meters over a pipeline's topics.</summary>
[Collection(ReplayCollection.Name)]
public sealed class LookingTests(Pipeline pipeline)
{
    const string List = """
        {"id": "list", "currency": "EUR", "versions": [{"version": 1, "from": "2026-01-01", "charges": [
          {"kind": "usage", "id": "api", "product": "api", "meter": "api", "price": {"model": "perUnit", "unitPrice": "0.15"}},
          {"kind": "usage", "id": "peak", "product": "seats", "meter": "peak", "price": {"model": "perUnit", "unitPrice": "5"}}]}]}
        """;

    string At => $"--bootstrap-server {pipeline.Kafka}";

    [Fact]
    public void A_period_under_another_price_book_as_a_difference_and_nothing_is_written()
    {
        var before = Written();
        var (code, output, error) = RunWith("book.json", List, f => $"rate shadow --price-book {f} --from 2026-02-01 --to 2026-03-01 {At} --output json");
        Assert.True(code == 0, error);
        var rows = JsonNode.Parse(output)!;
        var zeta = rows["contracts"]!.AsArray().Single(r => (string)r!["customer"]! == "zeta")!;
        Assert.Equal(Documents("zeta", "2026-02"), (string)zeta["now"]!);
        Assert.Contains(rows["totals"]!.AsArray(), t => (string)t!["currency"]! == "EUR");
        Assert.Equal(2, rows["largest"]!.AsArray().Count);
        (code, output, _) = RunWith("book.json", List, f => $"rate shadow --price-book {f} --from 2026-03-01 --to 2026-04-01 --customer acme {At} --output csv");
        Assert.Equal(0, code);
        Assert.Contains("acme,acme-1,EUR,246,193.25,-52.75,-21.44", output);
        Assert.Equal(before, Written());
    }

    [Fact]
    public void The_same_prices_make_no_difference()
    {
        var same = List.Replace("\"unitPrice\": \"0.15\"", "\"unitPrice\": \"0.2\"", StringComparison.Ordinal);
        var (_, output, _) = RunWith("same.json", same, f => $"rate shadow --price-book {f} --from 2026-03-01 --to 2026-04-01 {At} --output csv");
        Assert.Contains("acme,acme-1,EUR,246,246,0,0", output);
    }

    [Fact]
    public void Faults_of_the_file_name_field_and_reason()
    {
        var (code, output, error) = RunWith("bad.json", List.Replace("0.15", "-1", StringComparison.Ordinal), f => $"rate shadow --price-book {f} --from 2026-03-01 --to 2026-04-01 {At}");
        Assert.Equal((2, ""), (code, output));
        Assert.Contains("unitPrice", error);
        Assert.Contains("PRICE_NEGATIVE", error);
    }

    [Fact]
    public void From_lines_to_events_and_back_everything_agrees()
    {
        var bills = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        var counted = 0;
        foreach (var document in new[] { "acme-1/0000/period", "acme-1/0000/correction-1", "acme-1/0001/period" })
        {
            var (code, output, error) = Run($"lineage {document} {At} --output json");
            Assert.True(code == 0, error);
            foreach (var line in JsonNode.Parse(output)!["lines"]!.AsArray())
            {
                Assert.Equal((long)line!["events"]!, (long)line["recorded"]!);
                foreach (var usage in line["first"]!.AsArray())
                {
                    var id = $"{usage!["source"]}/{usage["id"]}";
                    if (!bills.TryGetValue(id, out var lines)) bills.Add(id, lines = []);
                    lines.Add($"{document} {line["line"]}");
                    counted++;
                }
            }
        }
        Assert.DoesNotContain("shop/eu/acme-1-4", bills.Keys); // cancelled
        Assert.DoesNotContain("shop/eu/acme-1-5", bills.Keys); // replaced by fix-2
        Assert.Equal(["acme-1/0000/correction-1 1"], bills["shop/eu/acme-late"]);
        foreach (var id in new[] { "shop/eu/acme-1-3", "shop/eu/fix-2", "shop/eu/acme-late", "shop/eu/acme-2-p1" })
        {
            var (code, output, error) = Run($"lineage {id} {At} --output json");
            Assert.True(code == 0, error);
            var lines = JsonNode.Parse(output)!["lines"]!.AsArray().Where(l => (bool)l!["holds"]!).Select(l => $"{l!["document"]} {l["line"]}");
            Assert.Equal(bills[id], lines);
        }
        Assert.True(counted > 30, $"only {counted} events");
    }

    [Fact]
    public void What_became_of_an_event()
    {
        var again = JsonNode.Parse(Run($"lineage shop/eu/acme-1-3 {At} --output json").Output)!;
        Assert.Equal(["accepted", "duplicate"], again["records"]!.AsArray().Select(r => (string)r!["disposition"]!));
        var parked = JsonNode.Parse(Run($"lineage shop/eu/nobody-1 {At} --output json").Output)!;
        Assert.Equal(("parked", "METER_UNKNOWN"), ((string)parked["records"]![0]!["disposition"]!, (string)parked["records"]![0]!["code"]!));
        Assert.Empty(parked["lines"]!.AsArray());
        var takenBack = JsonNode.Parse(Run($"lineage shop/eu/zeta-1-2 {At} --output json").Output)!["lines"]!.AsArray().Select(l => ((string)l!["document"]!, (bool)l["holds"]!));
        Assert.Equal([("zeta-1/0000/period", true), ("zeta-1/0000/correction-1", false)], takenBack);
        Assert.Equal(4, Run($"lineage no/such {At}").Code);
    }

    [Fact]
    public void A_meter_over_past_events_before_it_goes_live()
    {
        const string byRegion = """{"id": "api.eu", "unit": "requests", "product": "api", "groupBy": ["region"], "where": "quantity > 103"}""";
        var (code, output, error) = RunWith("meter.json", byRegion, f => $"meters preview --meter {f} --events api --against api --from 2026-02-01 --to 2026-03-01 --customer zeta {At} --output csv");
        Assert.True(code == 0, error);
        // 101 to 110: above 103 there are 104, 106, 108, 110 in the EU and 105, 107, 109 in the US.
        Assert.Equal(["customer,group,api.eu,events,api,events", "zeta,,,,1055,10", "zeta,eu,428,4,,", "zeta,us,321,3,,"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.TrimEnd('\r')));
        Assert.Contains("api.eu: 7 events taken, 3 filtered out, 0 refused", error);
        Assert.Equal(2, RunWith("meter.json", "{\"id\": \"x\"}", f => $"meters preview --meter {f} --from 2026-02-01 --to 2026-03-01 {At}").Code);
    }

    /// <summary>What a customer's documents of a month ask for, by the topic.</summary>
    string Documents(string customer, string month) => TopicReader.ReadAll(pipeline.Connection, Topics.BillingDocuments).Select(r => JsonNode.Parse(r.Message.Value)!)
        .Where(d => (string)d["customer"]! == customer && ((string)d["from"]!).StartsWith(month, StringComparison.Ordinal))
        .Sum(d => decimal.Parse((string)d["net"]!, System.Globalization.CultureInfo.InvariantCulture)).ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Where every topic ends, and the groups that there are.</summary>
    string Written()
    {
        using var admin = new AdminClientBuilder(pipeline.Connection).Build();
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(pipeline.Connection) { GroupId = "looking" }).Build();
        var timeout = TimeSpan.FromSeconds(20);
        var ends = admin.GetMetadata(timeout).Topics.OrderBy(t => t.Topic, StringComparer.Ordinal).SelectMany(t => t.Partitions.Select(p => $"{t.Topic}/{p.PartitionId} {consumer.QueryWatermarkOffsets(new(t.Topic, p.PartitionId), timeout).High}"));
        var groups = admin.ListConsumerGroupsAsync().GetAwaiter().GetResult().Valid.Select(g => g.GroupId).Order(StringComparer.Ordinal);
        return string.Join('\n', ends.Concat(groups));
    }

    static (int Code, string Output, string Error) RunWith(string name, string content, Func<string, string> command)
    {
        var folder = Directory.CreateTempSubdirectory("streams-looking-").FullName;
        try
        {
            var file = Path.Combine(folder, name);
            File.WriteAllText(file, content);
            return Run(command(file));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
