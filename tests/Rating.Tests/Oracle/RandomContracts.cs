using System.Globalization;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Rating.Tests.Oracle;

/// <summary>Random contract files of one contract, with usage in quantities: every price model and every term, alone and together, with changes in mid-period.</summary>
sealed class RandomContracts(int seed)
{
    static readonly string[] Zones = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"];

    readonly Random _random = new(seed);
    DateTime _start;
    int _months;

    public (JsonObject File, JsonArray Usage) Next()
    {
        _start = new DateTime(2023, 12, 1).AddDays(_random.Next(800));
        _months = Pick(1, 1, 1, 1, 2, 3, 6, 12);
        var meters = Meters();
        var ends = _start.AddDays(_random.Next(40, 130));
        var (book, charges) = Book(meters);
        var file = new JsonObject
        {
            ["customers"] = new JsonArray(new JsonObject { ["id"] = "acme", ["name"] = "Acme", ["legalEntity"] = "E" }),
            ["meters"] = new JsonArray([.. meters.Select(m => m.DeepClone())]),
            ["priceBooks"] = new JsonArray(book),
            ["contracts"] = new JsonArray(Contract(meters, charges, ends)),
        };
        return (file, Usage(meters, ends));
    }

    List<JsonObject> Meters()
    {
        var meters = new List<JsonObject>();
        foreach (var id in new[] { "a", "b", "c" })
        {
            var meter = new JsonObject { ["id"] = id, ["unit"] = "u", ["product"] = "p" };
            if (Chance(4)) meter["aggregation"] = Pick("max", "min");
            if (id == "b") meter["groupBy"] = new JsonArray("region");
            if (id == "c") meter["keptEvents"] = 100;
            meters.Add(meter);
        }
        return meters;
    }

    (JsonObject Book, List<JsonObject> Charges) Book(List<JsonObject> meters)
    {
        var charges = Enumerable.Range(0, _random.Next(1, 6)).Select(i => Charge($"c{i}", meters)).ToList();
        var versions = new JsonArray(new JsonObject { ["version"] = 1, ["from"] = "2020-01-01", ["charges"] = new JsonArray([.. charges.Select(c => c.DeepClone())]) });
        if (Chance(4))
        {
            var changed = charges.Select(c => Chance(2) ? c : Charge((string)c["id"]!, meters, c)).ToList();
            versions.Add(new JsonObject { ["version"] = 2, ["from"] = Time(_start.AddDays(_random.Next(10, 80))), ["charges"] = new JsonArray([.. changed.Select(c => c.DeepClone())]) });
        }
        return (new() { ["id"] = "book", ["currency"] = "EUR", ["versions"] = versions }, charges);
    }

    JsonObject Contract(List<JsonObject> meters, List<JsonObject> listed, DateTime ends)
    {
        var cuts = Chance(2) ? new List<DateTime>() : [.. Enumerable.Range(0, _random.Next(1, 3)).Select(_ => _start.AddDays(_random.Next(3, 39)).AddHours(Chance(3) ? _random.Next(24) : 0)).Distinct().Order()];
        var from = cuts.Prepend(_start).ToList();
        var open = Chance(3);
        var versions = new JsonArray();
        var commitments = Some(2, i => Commitment(i, listed, open));
        var coupons = Some(2, i => Coupon(i, listed));
        var grants = Some(3, i => Grant($"g{i}", meters, listed));
        for (var i = 0; i < from.Count; i++)
        {
            var version = new JsonObject { ["version"] = i + 1, ["from"] = Time(from[i]), ["priceBook"] = "book" };
            if (i + 1 < from.Count) version["to"] = Time(from[i + 1]);
            else if (!open) version["to"] = Time(ends);
            if (Chance(2)) version["amendment"] = Pick("time", "usage");
            var own = Own(meters, listed, i);
            if (own.Count > 0) version["charges"] = own;
            if (Chance(5) && listed.Count > 1 && commitments.Count + coupons.Count + grants.Count == 0) version["remove"] = new JsonArray((string)listed[0]["id"]!);
            if (commitments.Count > 0) version["commitments"] = commitments.DeepClone();
            if (coupons.Count > 0) version["coupons"] = coupons.DeepClone();
            if (i == 0 && grants.Count > 0) version["credits"] = new JsonObject { ["grants"] = grants };
            if (Chance(4)) version["minimum"] = Money(50);
            if (Chance(5)) version["maximum"] = (_random.Next(60, 400)).ToString(CultureInfo.InvariantCulture);
            if (Chance(3)) version["threshold"] = Threshold();
            if (Chance(2)) version["taxes"] = new JsonArray(new JsonObject { ["name"] = "t", ["percent"] = Pick("19", "7.5", "20") });
            if (Chance(3)) version["document"] = Document();
            versions.Add(version);
        }
        var contract = new JsonObject { ["id"] = "k", ["customer"] = "acme", ["currency"] = "EUR", ["timeZone"] = Pick(Zones), ["versions"] = versions };
        contract["billing"] = new JsonObject { ["months"] = _months };
        if (Chance(2)) contract["billing"]!["anchor"] = _start.AddDays(_random.Next(-200, 200)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return contract;
    }

    JsonArray Own(List<JsonObject> meters, List<JsonObject> listed, int version)
    {
        var own = new JsonArray();
        if (Chance(3)) own.Add(Fee($"f{(Chance(2) ? 0 : version)}"));
        if (version > 0 && Chance(2)) own.Add(Charge((string)listed[0]["id"]!, meters, listed[0]));
        if (Chance(6)) own.Add(new JsonObject { ["kind"] = "oneOff", ["id"] = $"o{version}", ["product"] = "p", ["amount"] = Money(200), ["at"] = Chance(2) ? Time(_start.AddDays(_random.Next(0, 60))) : null });
        return own;
    }

    JsonObject Charge(string id, List<JsonObject> meters, JsonObject? before = null)
    {
        if ((before is null && Chance(4)) || (string?)before?["kind"] == "recurring") return Fee(id);
        var meter = before is null ? Pick([.. meters]) : meters.Single(m => (string)m["id"]! == (string)before["meter"]!);
        var byItem = (string)meter["id"]! switch
        {
            "b" when Chance(2) => Pick("matrix", "grouped"),
            "c" when Chance(2) => Pick("percentage", "records"),
            _ => null,
        };
        var charge = new JsonObject { ["kind"] = "usage", ["id"] = id, ["product"] = Pick("p", "q"), ["meter"] = (string)meter["id"]!, ["price"] = byItem is null ? Price(2) : ByItem(byItem) };
        if (byItem is null && Chance(3)) charge["quantity"] = Quantity();
        if (Chance(4)) charge["minimum"] = Money(30);
        if (Chance(4)) charge["maximum"] = (30 + _random.Next(100)).ToString(CultureInfo.InvariantCulture);
        if (Chance(4)) charge["order"] = "maximumMinimumDiscount";
        if (Chance(3)) charge["split"] = Pick("rerateAndCredit", "restartTiers");
        if (Chance(3)) charge["accumulate"] = Pick("year", "term");
        Around(charge, byItem is null);
        return charge;
    }

    JsonObject Fee(string id)
    {
        var fee = new JsonObject { ["kind"] = "recurring", ["id"] = id, ["product"] = Pick("p", "q") };
        if (Chance(2)) fee["amount"] = Money(100);
        else (fee["price"], fee["quantity"]) = (Price(1), Units(20));
        fee["timing"] = Pick("advance", "arrears");
        if (Chance(4)) fee["everyPeriods"] = _random.Next(2, 4);
        fee["proration"] = Pick("days", "daysBothEnds", "seconds", "none");
        Around(fee, false);
        return fee;
    }

    void Around(JsonObject charge, bool units)
    {
        var discounts = Some(2, _ =>
        {
            var kind = units ? Pick("percent", "amount", "usage") : Pick("percent", "amount");
            var discount = new JsonObject { ["type"] = kind, ["value"] = kind == "percent" ? Pick("10", "33.3", "100") : Units(15) };
            if (Chance(2)) discount["periods"] = _random.Next(1, 4);
            if (Chance(4)) discount["from"] = _random.Next(0, 3);
            return discount;
        });
        if (discounts.Count > 0) charge["discounts"] = discounts;
        if (Chance(3)) charge["rounding"] = new JsonObject { ["place"] = Pick("tier", "line", "document"), ["mode"] = Pick("halfUp", "halfEven", "up", "down", "ceiling", "floor"), ["places"] = _random.Next(0, 5) };
        if (Chance(6)) charge["trialDays"] = _random.Next(1, 39);
    }

    JsonObject Quantity()
    {
        var rule = new JsonObject { ["negative"] = Pick("zero", "credit") };
        if (Chance(2)) rule["conversion"] = new JsonObject { ["factor"] = Pick("3", "7", "0.5"), ["divides"] = Chance(2), ["rounding"] = Chance(2) ? new JsonObject { ["places"] = _random.Next(0, 2), ["mode"] = Pick("up", "halfUp", "down") } : null };
        if (Chance(2)) rule["place"] = "line";
        if (Chance(3)) rule["usageDiscount"] = Units(10);
        return rule;
    }

    JsonObject Price(int depth) => _random.Next(depth > 0 ? 12 : 9) switch
    {
        0 => new() { ["model"] = "perUnit", ["unitPrice"] = Unit() },
        1 => new() { ["model"] = "package", ["size"] = Pick("7", "10", "2.5"), ["packagePrice"] = Money(9), ["freeUnits"] = Units(5), ["rounding"] = Pick("up", "down", "none") },
        2 or 3 => new() { ["model"] = "graduated", ["tiers"] = Tiers(), ["flatAtZeroUsage"] = Chance(2) },
        4 => new() { ["model"] = "volume", ["tiers"] = Tiers(), ["flatAtZeroUsage"] = Chance(2), ["growth"] = Pick("rerate", "atReachedTier") },
        5 => new() { ["model"] = "stairstep", ["steps"] = new JsonArray([.. Ends().Select(e => new JsonObject { ["upTo"] = e, ["price"] = Money(60) })]), ["priceAtZeroUsage"] = Chance(2) },
        6 => new() { ["model"] = "costPlus", ["markupPercent"] = Pick("20", "7.7") },
        7 => new() { ["model"] = "graduatedPercentage", ["tiers"] = Tiers(), ["flatAtZeroUsage"] = Chance(2) },
        8 => new() { ["model"] = "blockTiers", ["tiers"] = new JsonArray(Block(_random.Next(1, 5)), Block(null)), ["policy"] = Pick("allTiers", "topTier") },
        9 => new() { ["model"] = "baseFee", ["fee"] = Money(40), ["includedUnits"] = Units(30), ["overage"] = Price(depth - 1) },
        10 => new() { ["model"] = "committed", ["price"] = Price(depth - 1), ["commitment"] = new JsonObject { ["amount"] = Money(50), ["overageFactor"] = Pick("1", "1.5", "0.8"), ["trueUp"] = Chance(2) } },
        _ => new() { ["model"] = "dynamic", ["multiplier"] = Pick("1", "0.01", "1.2") },
    };

    JsonObject ByItem(string kind) => kind switch
    {
        "matrix" => new()
        {
            ["model"] = "matrix", ["dimensions"] = new JsonArray("region"), ["otherwise"] = Price(1),
            ["cells"] = new JsonArray([.. new[] { "eu", "us" }.Select(r => new JsonObject { ["values"] = new JsonArray(r), ["price"] = Price(1) })]),
        },
        "grouped" => new() { ["model"] = "grouped", ["by"] = "key", ["each"] = Price(1) },
        "records" => new() { ["model"] = "grouped", ["by"] = "event", ["each"] = Price(1) },
        _ => new()
        {
            ["model"] = "percentage", ["ratePercent"] = Pick("1.2", "10"), ["fixedPerEvent"] = Money(1), ["freeEvents"] = Chance(2) ? _random.Next(3) : null, ["freeAmount"] = Chance(2) ? Units(30) : null,
            ["minimumPerEvent"] = Chance(2) ? Money(1) : null, ["maximumPerEvent"] = Chance(2) ? Pick("1", "5") : null,
        },
    };

    JsonObject Block(int? most) => new() { ["size"] = Pick("3", "10"), ["maxBlocks"] = most, ["price"] = Money(5) };

    JsonArray Tiers() => new([.. Ends().Select(e => new JsonObject { ["upTo"] = e, ["unit"] = Unit(), ["flat"] = Chance(3) ? Money(10) : "0" })]);

    IEnumerable<string?> Ends() => Enumerable.Range(0, _random.Next(0, 4)).Select(_ => _random.Next(1, 1200)).Distinct().Order().Select(e => (string?)((decimal)e / 10).ToString(CultureInfo.InvariantCulture)).Append(null);

    JsonObject Commitment(int i, List<JsonObject> listed, bool open)
    {
        var commitment = new JsonObject { ["id"] = $"m{i}", ["amount"] = Money(150), ["per"] = open ? "period" : Pick("period", "term"), ["trueUp"] = Pick("roundThenSubtract", "subtractThenRound") };
        if (Chance(2)) commitment["charges"] = new JsonArray((string)Pick([.. listed])["id"]!);
        return commitment;
    }

    JsonObject Coupon(int i, List<JsonObject> listed)
    {
        var percent = Chance(2);
        var coupon = new JsonObject { ["id"] = $"k{i}", ["type"] = percent ? "percent" : "amount", ["value"] = percent ? Pick("10", "12.5", "100") : Money(40) };
        if (Chance(2)) coupon["periods"] = _random.Next(1, 4);
        if (Chance(3)) coupon["from"] = _random.Next(0, 2);
        if (Chance(3)) coupon["appliesTo"] = new JsonArray((string)Pick([.. listed])["id"]!);
        return coupon;
    }

    JsonObject Grant(string id, List<JsonObject> meters, List<JsonObject> listed)
    {
        var grant = new JsonObject { ["id"] = id, ["priority"] = _random.Next(3), ["kind"] = Pick("granted", "purchased") };
        if (Chance(3)) (grant["units"], grant["meter"]) = (Units(60), (string)Pick([.. meters])["id"]!);
        else grant["amount"] = Money(120);
        if (Chance(3)) grant["charges"] = new JsonArray((string)Pick([.. listed])["id"]!);
        if (Chance(2)) grant["from"] = Time(_start.AddDays(_random.Next(0, 50)));
        if (Chance(2)) grant["expires"] = Time(_start.AddDays(_random.Next(51, 120)));
        if (Chance(3)) grant["recurrence"] = new JsonObject { ["months"] = _random.Next(1, 3) };
        if (Chance(2)) grant["rollOver"] = new JsonObject { ["minimum"] = Pick("0", "5"), ["maximum"] = Pick("10", "100") };
        return grant;
    }

    JsonObject Threshold()
    {
        var threshold = new JsonObject { ["scope"] = Pick("period", "lifetime") };
        if (Chance(2)) threshold["thresholds"] = new JsonArray("20", "55.5");
        if (threshold["thresholds"] is null || Chance(2)) threshold["recurring"] = Pick("25", "70");
        return threshold;
    }

    JsonObject Document() => new()
    {
        ["mode"] = Pick("halfUp", "halfEven", "down"), ["couponPlaces"] = Chance(3) ? 4 : null, ["credit"] = Pick("afterTax", "beforeTax"), ["taxRounding"] = Pick("line", "rate", "document"),
        ["taxBase"] = Pick("exact", "rounded"), ["adjustmentTaxPercents"] = Chance(2) ? new JsonArray("19") : new JsonArray(),
    };

    JsonArray Usage(List<JsonObject> meters, DateTime ends)
    {
        var usage = new JsonArray();
        var times = new HashSet<long>();
        for (var i = _random.Next(1, 25); i > 0; i--)
        {
            var minutes = _random.Next((int)(ends - _start).TotalMinutes);
            var at = _start.AddMinutes(minutes - (Chance(3) ? minutes % 1440 : 0));
            if (!times.Add(at.Ticks)) continue;
            var entry = new JsonObject { ["meter"] = (string)Pick([.. meters])["id"]!, ["at"] = Time(at), ["quantity"] = Units(80) };
            if ((string)entry["meter"]! == "b") entry["dimensions"] = new JsonObject { ["region"] = Pick("eu", "us", "ap") };
            else if (Chance(12) && (string)entry["meter"]! == "a") entry["quantity"] = $"-{Units(20)}";
            usage.Add(entry);
        }
        return usage;
    }

    JsonArray Some(int most, Func<int, JsonObject> make) => Chance(2) ? [] : new([.. Enumerable.Range(0, _random.Next(1, most + 1)).Select(make)]);

    string Time(DateTime at) => Timestamp.From(new(at, TimeSpan.Zero)).ToString();

    string Unit() => ((decimal)_random.Next(0, 3000) / 1000).ToString(CultureInfo.InvariantCulture);

    string Money(int most) => ((decimal)_random.Next(0, most * 100) / 100).ToString(CultureInfo.InvariantCulture);

    string Units(int most) => (Chance(2) ? _random.Next(0, most) : (decimal)_random.Next(0, most * 1000) / 1000).ToString(CultureInfo.InvariantCulture);

    bool Chance(int oneOf) => _random.Next(oneOf) == 0;

    T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
