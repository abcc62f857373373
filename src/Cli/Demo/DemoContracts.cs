using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>The demo's price book: one book, and a contract for every customer that is given.</summary>
static class DemoContracts
{
    /// <summary>NetSuite's internal id of a customer in the simulated account.</summary>
    public static string NetSuiteId(int index) => (1000 + index).ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The contract file for generated telemetry.</summary>
    public static JsonObject ForTelemetry(IEnumerable<string> customers) => File(customers, "US01", "demo-2026", "2026-01-01T00:00:00Z", new JsonObject
    {
        ["api.requests"] = Tiers(("1000", "0.0125"), ("10000", "0.0100"), (null, "0.0075")),
        ["compute.seconds"] = Tiers(("3600", "0.000138889"), (null, "0.000111111")),
        ["storage.gbhours"] = Tiers(("500", "0.00034"), ("5000", "0.00031"), (null, "0.00029")),
        ["egress.gb"] = Tiers(("10", "0"), ("10240", "0.09"), (null, "0.085")),
        ["messages.sent"] = Tiers((null, "0.0079")),
    });

    /// <summary>The contract file for real files: every meter that the mappings of docs/mappings make.</summary>
    public static JsonObject ForFile(IEnumerable<string> customers, Timestamp from) => File(customers, "US01", "files-prices", from.ToString(), new JsonObject
    {
        ["llm.input.tokens"] = Tiers(("100000", "0.000003"), ("1000000", "0.0000025"), (null, "0.000002")),
        ["llm.output.tokens"] = Tiers(("50000", "0.000015"), (null, "0.0000125")),
        ["web.requests"] = Tiers(("10", "0"), ("100", "0.0004"), (null, "0.00035")),
        ["web.egress.bytes"] = Tiers(("1000000", "0"), (null, "0.00000009")),
    });

    static JsonObject File(IEnumerable<string> customers, string legalEntity, string priceBook, string from, JsonObject tiers)
    {
        var file = new JsonObject { ["meters"] = new JsonArray(), ["customers"] = new JsonArray(), ["priceBooks"] = new JsonArray(), ["contracts"] = new JsonArray() };
        foreach (var (meter, _) in tiers)
            file["meters"]!.AsArray().Add(new JsonObject { ["id"] = meter, ["unit"] = meter[(meter.LastIndexOf('.') + 1)..], ["product"] = Product(meter) });
        file["priceBooks"]!.AsArray().Add(new JsonObject
        {
            ["id"] = priceBook, ["currency"] = "USD",
            ["versions"] = new JsonArray(new JsonObject { ["version"] = 1, ["from"] = from, ["charges"] = new JsonArray([.. tiers.Select(t => Charge(t.Key, t.Value!))]) }),
        });
        foreach (var (index, customer) in customers.Index())
        {
            file["customers"]!.AsArray().Add(new JsonObject
            {
                ["id"] = customer, ["name"] = customer, ["legalEntity"] = legalEntity, ["erpIds"] = new JsonObject { ["netsuite"] = NetSuiteId(index) },
            });
            file["contracts"]!.AsArray().Add(new JsonObject
            {
                ["id"] = $"{customer}-contract", ["customer"] = customer, ["currency"] = "USD",
                ["versions"] = new JsonArray(new JsonObject { ["version"] = 1, ["from"] = from, ["to"] = null, ["priceBook"] = priceBook }),
            });
        }
        return file;
    }

    static JsonNode Charge(string meter, JsonNode tiers) => new JsonObject
    {
        ["kind"] = "usage", ["id"] = meter, ["product"] = Product(meter), ["meter"] = meter,
        ["price"] = new JsonObject { ["model"] = "graduated", ["tiers"] = tiers.DeepClone() },
    };

    static string Product(string meter) => meter[..meter.IndexOf('.')];

    static JsonArray Tiers(params (string? UpTo, string Price)[] tiers) =>
        [.. tiers.Select(t => (JsonNode)new JsonObject { ["upTo"] = t.UpTo, ["unit"] = t.Price })];
}
