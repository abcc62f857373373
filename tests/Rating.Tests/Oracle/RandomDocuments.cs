using System.Text.Json.Nodes;

namespace Streams.Rating.Tests.Oracle;

/// <summary>Documents, credit accounts and commitments drawn at random.</summary>
sealed class RandomDocuments(RandomNumbers n)
{
    public static JsonObject Rounding(RandomNumbers n) =>
        new() { ["places"] = n.One(0, 2, 2, 3), ["mode"] = n.One("HalfUp", "HalfEven", "Up", "Down", "Ceiling", "Floor") };

    public JsonObject Document()
    {
        var rounding = Rounding(n);
        var places = (int)rounding["places"]!;
        var lines = Enumerable.Range(0, 1 + n.Below(6)).Select(i => (JsonNode)new JsonArray($"{i}", n.Chance(40) ? "10" : (n.Chance(10) ? "-" : "") + n.Decimal(500, n.One(2, 5)), Percents())).ToArray();
        var coupons = Enumerable.Range(0, n.Below(3)).Select(_ => n.One("Percent", "Amount")).Select(kind =>
            (JsonNode)new JsonArray(kind, n.Decimal(kind == "Percent" ? 100 : 200, 2), n.Maybe(50, () => new JsonArray("0", "2")))).ToArray();
        return new()
        {
            ["kind"] = "document", ["lines"] = new JsonArray(lines), ["credit"] = n.Chance(50) ? "0" : n.Decimal(400, 3),
            ["terms"] = new JsonObject
            {
                ["rounding"] = rounding, ["coupons"] = new JsonArray(coupons), ["couponPlaces"] = places + n.One(0, 0, 5),
                ["min"] = n.Maybe(25, () => n.Decimal(300, 2)), ["max"] = n.Maybe(25, () => n.From(300, 900)),
                ["adjustmentTax"] = n.Decimal(25, 1), ["credit"] = n.One("BeforeTax", "AfterTax"),
                ["taxRounding"] = n.One("Line", "Rate", "Document"), ["taxBase"] = n.One("Exact", "Rounded"),
            },
        };
    }

    public JsonObject Credits()
    {
        var count = 1 + n.Below(6);
        var grants = Enumerable.Range(0, count).Select(i => (JsonNode)new JsonObject
        {
            ["amount"] = n.Decimal(100, 3), ["priority"] = n.Below(3), ["purchased"] = n.Chance(50), ["cost"] = n.Decimal(2, 1), ["created"] = n.Below(5),
            ["starts"] = n.Below(20), ["expires"] = n.Maybe(60, () => 5 + n.Below(30)), ["voided"] = n.Maybe(15, () => 5 + n.Below(30)),
            ["rollover"] = n.Maybe(40, () => new JsonArray("0", n.Decimal(60, 1))), ["successor"] = null,
        }).ToArray();
        for (var i = 0; i + 1 < count; i++) Follow(grants[i], grants[i + 1], i + 1);
        var keys = new[] { "Priority", "Expiry", "GrantedFirst", "CostBasis", "Created" }.OrderBy(_ => n.Below(1000)).Take(1 + n.Below(5)).Select(k => (JsonNode)k).ToArray();
        return new()
        {
            ["kind"] = "credits", ["grants"] = new JsonArray(grants), ["order"] = new JsonArray(keys), ["older"] = n.One("Deduct", "Keep"), ["at"] = 20 + n.Below(20),
            ["uses"] = new JsonArray(Enumerable.Range(0, n.Below(8)).Select(_ => (JsonNode)new JsonArray(n.Below(38), n.Decimal(80, 3))).ToArray()),
            ["resets"] = new JsonArray(Enumerable.Range(0, n.Below(2)).Select(_ => (JsonNode)new JsonArray(n.Below(38), n.Chance(50))).ToArray()),
        };
    }

    public JsonObject TrueUp()
    {
        var whole = 1 + n.Below(366);
        return new()
        {
            ["kind"] = "true_up", ["amount"] = n.Decimal(10_000, 2), ["part"] = n.Below(whole + 1), ["whole"] = whole, ["order"] = n.One("RoundThenSubtract", "SubtractThenRound"),
            ["rounding"] = Rounding(n), ["fees"] = new JsonArray(Enumerable.Range(0, n.Below(4)).Select(_ => (JsonNode)n.Decimal(3000, 4)).ToArray()),
        };
    }

    /// <summary>A grant that expires when the next starts may roll over into it.</summary>
    void Follow(JsonNode grant, JsonNode next, int index)
    {
        if (grant["expires"] is null || !n.Chance(50)) return;
        var end = (int)grant["expires"]!;
        next["starts"] = end;
        next["expires"] = n.Maybe(60, () => end + 1 + n.Below(10));
        next["voided"] = null;
        grant["successor"] = index;
    }

    JsonArray Percents() => [.. Enumerable.Range(0, n.Below(3)).Select(_ => (JsonNode)n.One("19", "7", "5.5", "8.25"))];
}
