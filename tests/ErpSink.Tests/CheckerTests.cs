using System.Text.Json.Nodes;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.ErpSink.Tests;

/// <summary>The outside checker agrees with a sound run, and bites on each planted fault.</summary>
public sealed class CheckerTests
{
    [SkippableFact]
    public async Task A_sound_run_is_proved_and_each_planted_fault_is_named()
    {
        Skip.If(ThreeWayChecker.Missing is not null, ThreeWayChecker.Missing);
        await using var plant = await Plant.StartAsync();
        var documents = Enumerable.Range(1, 12).Select(n => Documents.Create(n, currency: n % 3 == 0 ? "EUR" : "USD", prefix: "checked")).ToList();
        await plant.ProduceAsync(documents);
        await plant.RunUntilAsync("select count(*) filter (where state = 'confirmed') = 12 from erp.posting");
        var folder = Directory.CreateTempSubdirectory("streams-checker-").FullName;
        try
        {
            AssertBites(plant, folder, documents);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static void AssertBites(Plant plant, string folder, List<ErpDocument> documents)
    {
        var journal = plant.Erp.Journal().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        (int Code, string Output) Check(IEnumerable<string> lines, IEnumerable<ErpDocument>? topic = null) =>
            ThreeWay.Check(folder, plant.ConnectionString, "OPEN", string.Concat(lines.Select(l => l + "\n")), ThreeWay.Records(topic ?? documents), "--settled");
        string Changed(string line, string field, JsonNode value)
        {
            var json = JsonNode.Parse(line)!;
            json[field] = value;
            return json.ToJsonString();
        }

        var sound = Check(journal);
        Assert.True(sound.Code == 0, sound.Output);
        Assert.Contains("12 documents in the ledger, 12 on the topic, 12 records in 1 ERPs: 0 faults", sound.Output, StringComparison.Ordinal);
        if (Checkout.Program("kcat") is not null)
        {
            var live = ThreeWayChecker.Run("--journal", $"OPEN={Path.Combine(folder, "checked-OPEN.jsonl")}", "--postgres", plant.ConnectionString, "--bootstrap-server", plant.Bootstrap);
            Assert.True(live.Code == 0 && live.Output.Contains("12 on the topic", StringComparison.Ordinal), live.Output);
        }
        (string Named, (int, string) Result)[] planted =
        [
            ("once:", Check([.. journal, Changed(Changed(journal[4], "id", "9999"), "seq", 99)])),
            ("its amount is", Check([Changed(journal[0], "amount", "0.01"), .. journal[1..]])),
            ("its currency is", Check([Changed(journal[0], "currency", "CHF"), .. journal[1..]])),
            ("its party is", Check([Changed(journal[0], "party", "somebody"), .. journal[1..]])),
            ("sums:", Check([Changed(journal[0], "amount", "0.01"), .. journal[1..]])),
            ("does not have it", Check(journal[1..])),
            ("does not have it", Check([.. journal, Changed(Changed(journal[3], "event", "deleted"), "seq", 99)])),
            ("not posted in", Check([Changed(journal[0], "posted", false), .. journal[1..]])),
            ("which the ledger does not know", Check([.. journal, Changed(Changed(Changed(journal[0], "id", "9998"), "seq", 98), "key", "ZZZZZZZZZZZZZZZZ")])),
            ("on the topic and not in the ledger", Check(journal, [.. documents, Documents.Create(77, prefix: "checked")])),
            ("in the ledger and not on the topic", Check(journal, documents[1..])),
            ("its content hash is", Check(journal, [Documents.Create(1, prefix: "checked", factor: 2), .. documents[1..]])),
        ];
        foreach (var (named, (code, output)) in planted) Assert.True(code == 1 && output.Contains(named, StringComparison.Ordinal), $"{named} was not found: {code} {output}");
        Assert.Equal(2, Check(["not json"]).Code);
    }
}
