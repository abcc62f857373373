using System.Text.Json;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Tests.Oracle;

/// <summary>Reads a case into our terms and rates it.</summary>
static class CaseRater
{
    public static Exact Rate(JsonElement c) => c.GetProperty("kind").GetString() switch
    {
        "charge" => Charge(c),
        "document" => Document(c),
        "credits" => Credits(c),
        _ => TrueUp(c),
    };

    static Exact Charge(JsonElement c)
    {
        var (t, u) = (c.GetProperty("terms"), c.GetProperty("usage"));
        var charge = new Charge("line", Model(c.GetProperty("model")), Terms(t));
        var before = u.GetProperty("before");
        var usage = new LineUsage(Usage(u.GetProperty("total")), before.ValueKind == JsonValueKind.Null ? null : Usage(before), Number(u, "billed"), u.GetProperty("final").GetBoolean(), Int(u, "period"));
        var amount = charge.Rate(usage).Amount;
        Assert.Equal(amount, charge.Rate(usage, new Trail()).Amount);
        return amount;
    }

    static ChargeTerms Terms(JsonElement t) => new()
    {
        Quantity = new(Name<NegativeUsage>(t, "negative"), Conversion(t.GetProperty("conversion")), Name<ConversionPlace>(t, "place"), Number(t, "usageDiscount")),
        Discounts = t.GetProperty("discounts").EnumerateArray().Select(d => new Discount(Enum.Parse<DiscountKind>(d[0].GetString()!), Number(d[1]), MaybeInt(d[2]), d[3].GetInt32())).ToList(),
        Minimum = Maybe(t, "min"),
        Maximum = Maybe(t, "max"),
        Order = Name<AdjustmentOrder>(t, "order"),
        Split = Name<SplitMethod>(t, "split"),
        Rounding = t.GetProperty("rounding") is { ValueKind: JsonValueKind.Object } r ? new(Rounding(r), Name<RoundingPlace>(r, "at")) : null,
    };

    static UnitConversion? Conversion(JsonElement c) => c.ValueKind == JsonValueKind.Null
        ? null
        : new(Number(c, "factor"), c.GetProperty("divides").GetBoolean(), c.GetProperty("rounding") is { ValueKind: JsonValueKind.Object } r ? Rounding(r) : null);

    static Usage Usage(JsonElement u) => u.ValueKind == JsonValueKind.Array
        ? new(u.EnumerateArray().Select(i => new UsageItem(Number(i[0]), i[1].EnumerateArray().Select(k => k.GetString()!).ToArray())).ToList())
        : new Usage(Number(u));

    static PriceModel Model(JsonElement m) => m.GetProperty("type").GetString() switch
    {
        "per_unit" => new PerUnit(Number(m, "unit")),
        "package" => new Package(Number(m, "size"), Number(m, "price"), Number(m, "free"), Name<PackageRounding>(m, "rounding")),
        "graduated" => new Graduated(Tiers(m), m.GetProperty("atZero").GetBoolean()),
        "volume" => new Volume(Tiers(m), m.GetProperty("atZero").GetBoolean(), Name<VolumeGrowth>(m, "growth")),
        "graduated_percentage" => new GraduatedPercentage(Tiers(m), m.GetProperty("atZero").GetBoolean()),
        "stairs" => new Stairstep(m.GetProperty("tiers").EnumerateArray().Select(t => new Stair(Maybe(t[0]), Number(t[1]))).ToList(), m.GetProperty("atZero").GetBoolean()),
        "base" => new BaseFee(Number(m, "fee"), Number(m, "included"), Model(m.GetProperty("overage"))),
        "dynamic" => new DynamicPrice(Number(m, "multiplier")),
        "cost_plus" => new CostPlus(Number(m, "markup")),
        "blocks" => new BlockTiers(m.GetProperty("tiers").EnumerateArray().Select(t => new BlockTier(Number(t[0]), MaybeInt(t[1]), Number(t[2]))).ToList(), Name<BlockPolicy>(m, "policy")),
        "committed" => new Committed(Model(m.GetProperty("model")), Commitment(m)!),
        "percentage" => new Percentage(Number(m, "rate"), Number(m, "fixed"), MaybeInt(m.GetProperty("freeEvents")), Maybe(m, "freeAmount"), Maybe(m, "min"), Maybe(m, "max")),
        "matrix" => new Matrix(["region", "size"], m.GetProperty("cells").EnumerateArray().Select(c => new MatrixCell(c[0].EnumerateArray().Select(v => v.GetString()!).ToArray(), Model(c[1]))).ToList(),
            Model(m.GetProperty("otherwise"))),
        "grouped" => new Grouped(Model(m.GetProperty("each")), Name<RatingGroup>(m, "by")),
        "windowed" => new Windowed(m.GetProperty("rules").EnumerateArray().Select(r => new WindowRule(r[0].GetString()!, Model(r[1]), Commitment(r[2]))).ToList()),
        "capacity" => new CapacityTiers(m.GetProperty("tiers").EnumerateArray().Select(t => new CapacityTier(t[0].EnumerateObject().ToDictionary(p => p.Name, p => Number(p.Value)), Number(t[1]))).ToList()),
        var other => throw new InvalidOperationException(other),
    };

    static Commitment? Commitment(JsonElement c) =>
        c.ValueKind == JsonValueKind.Null ? null : new(Number(c, "amount"), Number(c, "factor"), c.GetProperty("trueUp").GetBoolean());

    static List<PriceTier> Tiers(JsonElement m) => m.GetProperty("tiers").EnumerateArray().Select(t => new PriceTier(Maybe(t[0]), Number(t[1]), Number(t[2]))).ToList();

    /// <summary>One number out of a document: its total, and the coupons' shares weighted by their place.</summary>
    static Exact Document(JsonElement c)
    {
        var t = c.GetProperty("terms");
        var terms = new DocumentTerms(Rounding(t.GetProperty("rounding")))
        {
            Coupons = t.GetProperty("coupons").EnumerateArray().Select((k, i) => new Coupon($"{i}", new(Enum.Parse<DiscountKind>(k[0].GetString()!), Number(k[1])),
                k[2].ValueKind == JsonValueKind.Null ? null : k[2].EnumerateArray().Select(l => l.GetString()!).ToList())).ToList(),
            CouponPlaces = Int(t, "couponPlaces"), Minimum = Maybe(t, "min"), Maximum = Maybe(t, "max"), AdjustmentTaxPercents = [Number(t, "adjustmentTax")],
            Credit = Name<CreditPlace>(t, "credit"), TaxRounding = Name<TaxRounding>(t, "taxRounding"), TaxBase = Name<TaxBase>(t, "taxBase"),
        };
        var lines = c.GetProperty("lines").EnumerateArray().Select(l => new DocumentLine(l[0].GetString()!, Number(l[1]), l[2].EnumerateArray().Select(Number).ToArray())).ToList();
        var document = RatedDocument.Of(terms, lines, Number(c, "credit"));
        Assert.Equal(document.Coupons, terms.Rounding.Apply(Exact.Sum(document.CouponShares)));
        return document.Total + Exact.Sum(document.CouponShares.Select((share, i) => share * (i + 1))) * 1_000_000;
    }

    /// <summary>One number out of an account: balances weighted by their place, and the overage.</summary>
    static Exact Credits(JsonElement c)
    {
        var grants = c.GetProperty("grants").EnumerateArray().Select((g, i) => new Grant($"{i}", Number(g, "amount"))
        {
            Priority = Int(g, "priority"), Kind = g.GetProperty("purchased").GetBoolean() ? GrantKind.Purchased : GrantKind.Granted, CostBasis = Number(g, "cost"), CreatedAt = new(Int(g, "created")),
            EffectiveAt = new(Int(g, "starts")), ExpiresAt = Time(g, "expires"), VoidedAt = Time(g, "voided"), Successor = MaybeInt(g.GetProperty("successor"))?.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Rollover = g.GetProperty("rollover") is { ValueKind: JsonValueKind.Array } r ? new(Number(r[0]), Number(r[1])) : null,
        }).ToList();
        var uses = c.GetProperty("uses").EnumerateArray().Select(u => new CreditUse(new(u[0].GetInt32()), Number(u[1]))).ToList();
        var resets = c.GetProperty("resets").EnumerateArray().Select(r => new CreditReset(new(r[0].GetInt32()), r[1].GetBoolean())).ToList();
        var order = new BurnOrder(c.GetProperty("order").EnumerateArray().Select(k => Enum.Parse<BurnKey>(k.GetString()!)).ToArray());
        var statement = CreditAccount.Run(grants, uses, new(Int(c, "at")), order, Name<OlderOverage>(c, "older"), resets);
        return Exact.Sum(statement.Balances.Select((b, i) => b * (i + 1))) * 1000 + statement.Overage;
    }

    static Exact TrueUp(JsonElement c) => new MinimumCommitment(Number(c, "amount"), Rounding(c.GetProperty("rounding")), Name<TrueUpOrder>(c, "order"))
        .TrueUp(c.GetProperty("fees").EnumerateArray().Select(Number), Prorated.Share(Int(c, "part"), Int(c, "whole")));

    static Rounding Rounding(JsonElement r) => new(Int(r, "places"), Name<RoundingMode>(r, "mode"));

    static T Name<T>(JsonElement json, string field) where T : struct, Enum => Enum.Parse<T>(json.GetProperty(field).GetString()!);

    static Timestamp? Time(JsonElement json, string field) => MaybeInt(json.GetProperty(field)) is { } minutes ? new Timestamp(minutes) : null;

    static int Int(JsonElement json, string field) => json.GetProperty(field).GetInt32();

    static int? MaybeInt(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : json.GetInt32();

    static Exact Number(JsonElement json, string field) => Number(json.GetProperty(field));

    static Exact Number(JsonElement json) => Exact.Parse(json.GetString()!);

    static Exact? Maybe(JsonElement json, string field) => Maybe(json.GetProperty(field));

    static Exact? Maybe(JsonElement json) => json.ValueKind == JsonValueKind.Null ? null : Number(json);
}
