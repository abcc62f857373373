using Streams.Rating.Pricing;
using Streams.Rating.Contracts;

namespace Streams.Rating.Tests.Examples;

/// <summary>The examples' parameters as our terms.</summary>
static class ExampleTerms
{
    public static Charge Charge(Example example, string? model = null) => Charge(example.Params, model ?? example.Model);

    public static Charge Charge(Fields p, string model) => new("line", Model(p, model), new()
    {
        Quantity = new(Conversion: Conversion(p), UsageDiscount: p.Number("usageDiscount", Exact.Zero)),
        Minimum = p.Optional("minimumSpend"),
        Maximum = p.Optional("maximumSpend"),
        Discounts = p.Has("discountPercent") ? [new(DiscountKind.Percent, p.Number("discountPercent"))] : [],
        Rounding = p.Has("round") ? new(Rounding(p.Object("round")), RoundingPlace.Line) : null,
    });

    public static PriceModel Model(Fields p, string model)
    {
        try
        {
            return Make(p, model);
        }
        catch (ContractFaultException refused) when (!ExampleFile.IsOurs)
        {
            throw new SkipException($"the terms are refused: {refused.Message}");
        }
    }

    static PriceModel Make(Fields p, string model) => model switch
    {
        "per_unit" => new PerUnit(p.Number("unitPrice")),
        "package" => new Package(p.Number("size"), p.Number("packagePrice"), p.Number("freeUnits", Exact.Zero), Packages(p.Text("packageRounding", "up"))),
        "graduated" => new Graduated(Tiers(p), p.Flag("flatAtZeroUsage")),
        "volume" => new Volume(Tiers(p), p.Flag("flatAtZeroUsage")),
        "stairstep" => new Stairstep(Steps(p), p.Flag("flatAtZeroUsage")),
        "dynamic" => new DynamicPrice(p.Number("multiplier", Exact.One)),
        "graduated_percentage" => new GraduatedPercentage(Tiers(p, "ratePercent"), p.Flag("flatAtZeroUsage")),
        "percentage" => new Percentage(p.Number("ratePercent"), p.Number("fixedPerEvent", Exact.Zero), p.Has("freeEvents") ? p.Int("freeEvents") : null,
            p.Optional("freeAmount"), p.Optional("perTransactionMin"), p.Optional("perTransactionMax")),
        _ => throw new SkipException($"the price model {model} cannot be expressed"),
    };

    public static IReadOnlyList<PriceTier> Tiers(Fields p, string unit = "unit") =>
        p.Objects("tiers").Select(t => new PriceTier(t.Optional("upTo"), t.Number(unit), t.Number("flat", Exact.Zero))).ToList();

    public static Rounding Rounding(Fields p) => new(p.Int("scale"), Mode(p.Text("mode")));

    public static RoundingMode Mode(string name) => name switch
    {
        "half-up" => RoundingMode.HalfUp,
        "half-even" => RoundingMode.HalfEven,
        "ceil" or "ceiling" => RoundingMode.Ceiling,
        "down-floor" or "floor" => RoundingMode.Floor,
        "down" => RoundingMode.Down,
        "up" => RoundingMode.Up,
        _ => throw new SkipException($"the rounding {name} cannot be expressed"),
    };

    /// <summary>The usage of one line: a quantity, or what the period held before and the line added.</summary>
    public static LineUsage Usage(Fields u)
    {
        if (!u.Has("preLine")) return new(u.Number("quantity"));
        var before = u.Number("preLine");
        return new(before + u.Number("line"), before, u.Number("previouslyBilled", Exact.Zero), u.Flag("final"));
    }

    static UnitConversion? Conversion(Fields p)
    {
        if (!p.Has("unitConfig")) return null;
        var config = p.Object("unitConfig");
        return new(config.Number("factor"), config.Text("operation") == "divide", new(0, Mode(config.Text("rounding"))));
    }

    static List<Stair> Steps(Fields p)
    {
        var tiers = Tiers(p);
        return tiers.All(t => t.Unit.IsZero) ? tiers.Select(t => new Stair(t.UpTo, t.Flat)).ToList() : throw new SkipException("steps with a price per unit are volume tiers");
    }

    static PackageRounding Packages(string name) => name switch
    {
        "up" => PackageRounding.Up,
        "down" => PackageRounding.Down,
        "none" => PackageRounding.None,
        _ => throw new SkipException($"the rounding of packages {name} cannot be expressed"),
    };
}
