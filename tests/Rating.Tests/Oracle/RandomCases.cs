using System.Text.Json.Nodes;

namespace Streams.Rating.Tests.Oracle;

/// <summary>Charges with their usage, drawn at random from a seed. A case is JSON that both implementations read.</summary>
sealed class RandomCases(int seed)
{
    readonly RandomNumbers _n = new(seed);
    readonly List<decimal> _ends = [];

    public JsonObject Next()
    {
        _ends.Clear();
        return _n.Below(10) switch
        {
            0 => new RandomDocuments(_n).Document(),
            1 => new RandomDocuments(_n).Credits(),
            2 => new RandomDocuments(_n).TrueUp(),
            _ => Charge(),
        };
    }

    JsonObject Charge()
    {
        var byItem = _n.Chance(30);
        var model = byItem ? ItemModel() : Model(deep: true);
        return new() { ["kind"] = "charge", ["model"] = model, ["terms"] = Terms(byItem), ["usage"] = byItem ? ItemUsage(model) : Usage() };
    }

    JsonObject Model(bool deep) => _n.Below(deep ? 11 : 6) switch
    {
        0 => new() { ["type"] = "per_unit", ["unit"] = _n.Decimal(20, 12) },
        1 => Tiered("graduated"),
        2 => Tiered("volume"),
        3 => new() { ["type"] = "package", ["size"] = _n.Positive(20, 2), ["price"] = _n.Decimal(20, 4), ["free"] = _n.Decimal(30, 1), ["rounding"] = _n.One("Up", "Down", "None") },
        4 => new() { ["type"] = "stairs", ["tiers"] = Tiers(end => new JsonArray(end, _n.Decimal(500, 2))), ["atZero"] = _n.Chance(50) },
        5 => Blocks(),
        6 => Tiered("graduated_percentage"),
        7 => new() { ["type"] = "base", ["fee"] = _n.Decimal(100, 2), ["included"] = Included(), ["overage"] = Model(deep: false) },
        8 => new() { ["type"] = "dynamic", ["multiplier"] = _n.Decimal(3, 6) },
        9 => new() { ["type"] = "cost_plus", ["markup"] = _n.Decimal(50, 3) },
        _ => Commit(new() { ["type"] = "committed", ["model"] = Model(deep: false) }),
    };

    JsonObject ItemModel() => _n.Below(5) switch
    {
        0 => new()
        {
            ["type"] = "percentage", ["rate"] = _n.Decimal(5, 3), ["fixed"] = _n.Decimal(2, 2), ["freeEvents"] = _n.Maybe(40, () => _n.Below(4)),
            ["freeAmount"] = _n.Maybe(40, () => _n.Decimal(300, 1)), ["min"] = _n.Maybe(30, () => _n.Decimal(2, 2)), ["max"] = _n.Maybe(30, () => _n.From(2, 10)),
        },
        1 => new()
        {
            ["type"] = "matrix", ["otherwise"] = Model(deep: false),
            ["cells"] = new JsonArray(new JsonArray(Keys("eu", "small"), Model(deep: false)), new JsonArray(Keys("eu", "large"), Model(deep: false)), new JsonArray(Keys("us", "small"), Model(deep: false))),
        },
        2 => new() { ["type"] = "grouped", ["each"] = Model(deep: false), ["by"] = _n.One("Event", "Window", "Key") },
        3 => new()
        {
            ["type"] = "windowed",
            ["rules"] = new JsonArray(new JsonArray("day", Model(deep: false), _n.Maybe(70, () => Commit([]))), new JsonArray("night", Model(deep: false), _n.Maybe(70, () => Commit([])))),
        },
        _ => new()
        {
            ["type"] = "capacity",
            ["tiers"] = new JsonArray(new JsonArray(new JsonObject { ["cpu"] = "10", ["disk"] = "50.5" }, _n.Decimal(50, 2)), new JsonArray(new JsonObject { ["cpu"] = "100" }, _n.Decimal(90, 2)),
                new JsonArray(new JsonObject(), _n.Decimal(500, 2))),
        },
    };

    JsonObject Tiered(string type) => new()
    {
        ["type"] = type, ["atZero"] = _n.Chance(50), ["growth"] = _n.One("Rerate", "AtReachedTier"),
        ["tiers"] = Tiers(end => new JsonArray(end, _n.Decimal(10, _n.One(2, 9, 12)), _n.Chance(50) ? "0" : _n.Decimal(100, 2))),
    };

    JsonArray Tiers(Func<string?, JsonArray> tier)
    {
        var tiers = new JsonArray();
        foreach (var end in _n.Ends())
        {
            if (end is { } known) _ends.Add(known);
            tiers.Add((JsonNode)tier(end is { } e ? RandomNumbers.Text(e) : null));
        }
        return tiers;
    }

    JsonObject Blocks()
    {
        var tiers = new JsonArray();
        var held = 0m;
        for (var i = _n.Below(3); i > 0; i--)
        {
            var (size, most) = (1 + _n.Below(20), 1 + _n.Below(10));
            _ends.Add(held += size * most);
            tiers.Add((JsonNode)new JsonArray($"{size}", most, _n.Decimal(20, 3)));
        }
        tiers.Add((JsonNode)new JsonArray(_n.Positive(20, 1), null, _n.Decimal(20, 3)));
        return new() { ["type"] = "blocks", ["tiers"] = tiers, ["policy"] = _n.One("AllTiers", "TopTier") };
    }

    string Included()
    {
        var included = _n.Below(100);
        _ends.Add(included);
        return $"{included}";
    }

    JsonObject Commit(JsonObject onto)
    {
        onto["amount"] = _n.Decimal(500, 2);
        onto["factor"] = _n.Decimal(3, 2);
        onto["trueUp"] = _n.Chance(50);
        return onto;
    }

    JsonObject Terms(bool byItem)
    {
        var discounts = new JsonArray();
        for (var i = _n.Chance(40) ? 1 + _n.Below(2) : 0; i > 0; i--)
        {
            var kind = _n.One("Percent", "Amount");
            discounts.Add((JsonNode)new JsonArray(kind, _n.Decimal(kind == "Percent" ? 100 : 50, 2), _n.Maybe(50, () => 1 + _n.Below(3)), _n.Below(2)));
        }
        return new()
        {
            ["negative"] = _n.One("Zero", "Credit"), ["place"] = _n.One("Cumulative", "Line"), ["usageDiscount"] = byItem || _n.Chance(70) ? "0" : _n.Decimal(20, 2),
            ["conversion"] = byItem ? null : _n.Maybe(25, () => new JsonObject { ["factor"] = _n.Positive(1000, 1), ["divides"] = _n.Chance(70), ["rounding"] = _n.Maybe(70, Rounding) }),
            ["discounts"] = discounts, ["min"] = _n.Maybe(25, () => _n.Decimal(100, 2)), ["max"] = _n.Maybe(25, () => _n.From(100, 900)),
            ["order"] = _n.One("DiscountMaximumMinimum", "MaximumMinimumDiscount"), ["split"] = _n.One("CumulativeTiers", "CumulativeTiers", "RerateAndCredit", "RestartTiers"),
            ["rounding"] = _n.Maybe(70, () =>
            {
                var rounding = Rounding();
                rounding["at"] = _n.One("Tier", "Line", "Document");
                return rounding;
            }),
        };
    }

    JsonObject Rounding() => RandomDocuments.Rounding(_n);

    JsonObject Usage()
    {
        var (a, b) = (_n.Quantity(_ends), _n.Quantity(_ends));
        if (_n.Chance(8)) b = -b;
        if (a > b && _n.Chance(80)) (a, b) = (b, a);
        return Usage(_n.Maybe(50, () => RandomNumbers.Text(a)), RandomNumbers.Text(b));
    }

    JsonObject ItemUsage(JsonObject model)
    {
        var items = Enumerable.Range(0, _n.Below(6)).Select(_ => new JsonArray(RandomNumbers.Text(_n.Quantity(_ends)), Key((string)model["type"]!))).ToArray();
        var before = items.Take(_n.Below(items.Length + 1)).Select(i => i.DeepClone()).ToArray();
        return Usage(_n.Maybe(40, () => new JsonArray(before)), new JsonArray(items));
    }

    JsonObject Usage(JsonNode? before, JsonNode total) => new()
    {
        ["before"] = before, ["total"] = total, ["billed"] = before is null ? "0" : _n.Decimal(100, 2), ["final"] = _n.Chance(70), ["period"] = _n.Below(4),
    };

    JsonArray Key(string model) => model switch
    {
        "matrix" => Keys(_n.One("eu", "us"), _n.One("small", "large")),
        "windowed" => Keys(_n.One("day", "night")),
        "capacity" => Keys(_n.One("cpu", "disk", "seats")),
        "grouped" => Keys(_n.One("a", "b", "c")),
        _ => [],
    };

    static JsonArray Keys(params string[] keys) => [.. keys.Select(k => (JsonNode)k)];
}
