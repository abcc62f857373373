using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>The demo's contracts: one for every customer that is given, by turns under price books of different kinds.</summary>
static class DemoContracts
{
    /// <summary>How long after the month's end its period takes late usage.</summary>
    const string Grace = "PT1H";

    /// <summary>A feature of the customers under the enterprise prices: so many messages.</summary>
    public const string Feature = "messages";

    /// <summary>NetSuite's internal id of a customer in the simulated account.</summary>
    public static string NetSuiteId(int index) => (1000 + index).ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The contract file for generated telemetry: three price books, ten price models, a fee, a coupon, tax and prepaid credit.</summary>
    public static JsonObject ForTelemetry(IEnumerable<string> customers)
    {
        const string From = "2026-01-01T00:00:00Z";
        var file = Empty();
        foreach (var meter in TelemetryGenerator.Meters) Add(file, "meters", Meter(meter, meter == "egress.gb" ? ["region"] : []));
        Add(file, "priceBooks", Book("standard", From, Standard()));
        Add(file, "priceBooks", Book("scale", From, Scale()));
        Add(file, "priceBooks", Book("enterprise", From, Enterprise()));
        foreach (var (index, customer) in customers.Index())
        {
            var version = new JsonObject { ["version"] = 1, ["from"] = From, ["priceBook"] = new[] { "standard", "scale", "enterprise" }[index % 3] };
            if (index % 3 == 2)
            {
                version["taxes"] = new JsonArray(new JsonObject { ["name"] = "sales tax", ["percent"] = "8.25" });
                version["coupons"] = new JsonArray(new JsonObject { ["id"] = "welcome", ["type"] = "percent", ["value"] = "5" });
                version["entitlements"] = new JsonArray(new JsonObject
                {
                    ["type"] = "metered", ["feature"] = Feature, ["meter"] = "messages.sent", ["limit"] = "60000", ["reset"] = new JsonObject { ["every"] = "never" }, ["alerts"] = new JsonArray("50", "80"),
                });
                version["credits"] = new JsonObject { ["grants"] = new JsonArray(new JsonObject { ["id"] = "prepaid", ["amount"] = "25" }) };
            }
            Contract(file, index, customer, version);
        }
        return file;
    }

    /// <summary>The contract file for real files: every meter that the mappings of docs/mappings make.</summary>
    public static JsonObject ForFile(IEnumerable<string> customers, Timestamp from)
    {
        JsonObject[] charges =
        [
            Charge("llm.input.tokens", Graduated(("100000", "0.000003"), ("1000000", "0.0000025"), (null, "0.000002"))),
            Charge("llm.output.tokens", Graduated(("50000", "0.000015"), (null, "0.0000125"))),
            Charge("web.requests", Graduated(("10", "0"), ("100", "0.0004"), (null, "0.00035"))),
            Charge("web.egress.bytes", Graduated(("1000000", "0"), (null, "0.00000009"))),
        ];
        var file = Empty();
        foreach (var charge in charges) Add(file, "meters", Meter((string)charge["meter"]!, []));
        Add(file, "priceBooks", Book("files-prices", from.ToString(), charges));
        foreach (var (index, customer) in customers.Index()) Contract(file, index, customer, new() { ["version"] = 1, ["from"] = from.ToString(), ["priceBook"] = "files-prices" });
        return file;
    }

    static JsonObject[] Standard() =>
    [
        Charge("api.requests", Graduated(("1000", "0.0125"), ("10000", "0.0100"), (null, "0.0075"))),
        Charge("compute.seconds", Graduated(("3600", "0.000138889"), (null, "0.000111111"))),
        Charge("storage.gbhours", Graduated(("500", "0.00034"), ("5000", "0.00031"), (null, "0.00029"))),
        Charge("egress.gb", Graduated(("10", "0"), ("10240", "0.09"), (null, "0.085"))),
        Charge("messages.sent", PerUnit("0.0079")),
    ];

    static JsonObject[] Scale() =>
    [
        Charge("api.requests", new() { ["model"] = "volume", ["tiers"] = Tiers(("5000", "0.0110"), ("20000", "0.0085"), (null, "0.0060")) }),
        Charge("compute.seconds", new() { ["model"] = "baseFee", ["fee"] = "9", ["includedUnits"] = "600", ["overage"] = PerUnit("0.0125") }),
        Charge("storage.gbhours", new()
        {
            ["model"] = "stairstep",
            ["steps"] = new JsonArray(new JsonObject { ["upTo"] = "100", ["price"] = "2" }, new JsonObject { ["upTo"] = "1000", ["price"] = "15" }, new JsonObject { ["upTo"] = null, ["price"] = "90" }),
        }),
        Charge("egress.gb", new() { ["model"] = "package", ["size"] = "50", ["packagePrice"] = "4" }),
        Charge("messages.sent", new()
        {
            ["model"] = "blockTiers",
            ["tiers"] = new JsonArray(new JsonObject { ["size"] = "100", ["maxBlocks"] = 10, ["price"] = "1" }, new JsonObject { ["size"] = "1000", ["price"] = "8" }),
        }),
    ];

    static JsonObject[] Enterprise() =>
    [
        new() { ["kind"] = "recurring", ["id"] = "support", ["product"] = "support", ["description"] = "Support, monthly", ["amount"] = "49", ["timing"] = "arrears" },
        Charge("api.requests", new() { ["model"] = "committed", ["price"] = PerUnit("0.0090"), ["commitment"] = new JsonObject { ["amount"] = "30", ["overageFactor"] = "1.1" } }),
        Charge("compute.seconds", new() { ["model"] = "costPlus", ["markupPercent"] = "20" }),
        Charge("storage.gbhours", new()
        {
            ["model"] = "graduated",
            ["tiers"] = new JsonArray(new JsonObject { ["upTo"] = "100", ["unit"] = "0", ["flat"] = "3" }, new JsonObject { ["upTo"] = null, ["unit"] = "0.02" }),
        }),
        Charge("egress.gb", new()
        {
            ["model"] = "matrix", ["dimensions"] = new JsonArray("region"), ["otherwise"] = PerUnit("0.09"),
            ["cells"] = new JsonArray(
                new JsonObject { ["values"] = new JsonArray("eu-central"), ["price"] = PerUnit("0.05") },
                new JsonObject { ["values"] = new JsonArray("ap-south"), ["price"] = Graduated(("100", "0.14"), (null, "0.11")) }),
        }),
        Charge("messages.sent", PerUnit("0.0065")),
    ];

    static JsonObject Empty() => new() { ["meters"] = new JsonArray(), ["customers"] = new JsonArray(), ["priceBooks"] = new JsonArray(), ["contracts"] = new JsonArray() };

    static void Add(JsonObject file, string part, JsonObject item) => file[part]!.AsArray().Add(item);

    static void Contract(JsonObject file, int index, string customer, JsonObject version)
    {
        Add(file, "customers", new() { ["id"] = customer, ["name"] = customer, ["legalEntity"] = index % 3 == 0 ? DemoErp.Europe : "US01", ["erpIds"] = new JsonObject { ["netsuite"] = NetSuiteId(index) } });
        Add(file, "contracts", new() { ["id"] = $"{customer}-contract", ["customer"] = customer, ["currency"] = "USD", ["grace"] = Grace, ["versions"] = new JsonArray(version) });
    }

    static JsonObject Meter(string id, string[] groups)
    {
        var meter = new JsonObject { ["id"] = id, ["unit"] = id[(id.LastIndexOf('.') + 1)..], ["product"] = Product(id) };
        if (groups.Length > 0) meter["groupBy"] = new JsonArray([.. groups.Select(g => (JsonNode)g)]);
        return meter;
    }

    static JsonObject Book(string id, string from, JsonObject[] charges) => new()
    {
        ["id"] = id, ["currency"] = "USD", ["versions"] = new JsonArray(new JsonObject { ["version"] = 1, ["from"] = from, ["charges"] = new JsonArray([.. charges]) }),
    };

    static JsonObject Charge(string meter, JsonObject price) => new() { ["kind"] = "usage", ["id"] = meter, ["product"] = Product(meter), ["meter"] = meter, ["price"] = price };

    static string Product(string meter) => meter[..meter.IndexOf('.')];

    static JsonObject PerUnit(string price) => new() { ["model"] = "perUnit", ["unitPrice"] = price };

    static JsonObject Graduated(params (string? UpTo, string Price)[] tiers) => new() { ["model"] = "graduated", ["tiers"] = Tiers(tiers) };

    static JsonArray Tiers(params (string? UpTo, string Price)[] tiers) => [.. tiers.Select(t => (JsonNode)new JsonObject { ["upTo"] = t.UpTo, ["unit"] = t.Price })];
}
