using Streams.Rating.Pricing;
using static Streams.Rating.Contracts.Format.Scalars;

namespace Streams.Rating.Contracts.Format;

/// <summary>The price models, each an object told apart by <c>model</c>.</summary>
static class PriceShapes
{
    public static Shape<PriceModel> Price { get; } = new LazyShape<PriceModel>(() => Models!);

    static Shape<PriceTier> Tier { get; } = new ObjectShape<PriceTier>("tier", "The units above the tier before and up to upTo, inclusive.", o =>
    {
        var upTo = o.Nullable("upTo", Amount, t => t.UpTo, "Its end, from the start of the period on; null: without end.");
        var unit = o.Value("unit", Amount, Exact.Zero, t => t.Unit, "What each unit costs.");
        var flat = o.Value("flat", Amount, Exact.Zero, t => t.Flat, "What entering the tier costs, once.");
        return v => new(upTo[v], unit[v], flat[v]);
    });

    static Shape<IReadOnlyList<PriceTier>> Tiers { get; } = new ListShape<PriceTier>(Tier, 1000, least: 1);

    static Shape<PerUnit> PerUnit { get; } = new ObjectShape<PerUnit>("perUnit", "Each unit costs the same.", o =>
    {
        o.Tag("model", "perUnit");
        var price = o.Required("unitPrice", Amount, p => p.UnitPrice, "What a unit costs.");
        return v => new(price[v]);
    });

    static Shape<DynamicPrice> Dynamic { get; } = new ObjectShape<DynamicPrice>("dynamic", "The events carry their prices: the meter sums them.", o =>
    {
        o.Tag("model", "dynamic");
        var multiplier = o.Value("multiplier", Amount, Exact.One, p => p.Multiplier, "Each carried amount times this, e.g. 0.01 for minor units.");
        return v => new(multiplier[v]);
    });

    static Shape<CostPlus> CostPlus { get; } = new ObjectShape<CostPlus>("costPlus", "What it cost, which the meter sums, and a markup on it.", o =>
    {
        o.Tag("model", "costPlus");
        var markup = o.Required("markupPercent", Amount, p => p.MarkupPercent, "The markup in percent of the cost.");
        return v => new(markup[v]);
    });

    static Shape<BaseFee> BaseFee { get; } = new ObjectShape<BaseFee>("baseFee", "A fee that includes units.", o =>
    {
        o.Tag("model", "baseFee");
        var fee = o.Required("fee", Amount, p => p.Fee, "What the period costs, used or not.");
        var included = o.Required("includedUnits", Amount, p => p.IncludedUnits, "The units that it includes.");
        var overage = o.Optional("overage", Price, p => p.Overage, "The price of units beyond them, whose tiers begin there; null: they are refused.");
        return v => new(fee[v], included[v], overage[v]);
    });

    static Shape<Package> Package { get; } = new ObjectShape<Package>("package", "Units are sold in packages.", o =>
    {
        o.Tag("model", "package");
        var size = o.Required("size", Amount, p => p.Size, "Units of a package.");
        var price = o.Required("packagePrice", Amount, p => p.PackagePrice, "What a package costs.");
        var free = o.Value("freeUnits", Amount, Exact.Zero, p => p.FreeUnits, "Units before the first package.");
        var rounding = o.Value("rounding", OneOf<PackageRounding>(), PackageRounding.Up, p => p.Rounding, "What a package costs that is not full: as a full one, nothing, or its share.");
        return v => new(size[v], price[v], free[v], rounding[v]);
    });

    static Shape<Graduated> Graduated { get; } = new ObjectShape<Graduated>("graduated", "Each unit costs what the tier says that it falls into.", o =>
    {
        o.Tag("model", "graduated");
        var tiers = o.Required("tiers", Tiers, p => p.Tiers, "Rising; the last is open.");
        var atZero = o.Value("flatAtZeroUsage", Flag, false, p => p.FlatAtZeroUsage, "Whether the first tier's flat fee is due without usage.");
        return v => new(Open("tiers", tiers[v], t => t.UpTo), atZero[v]);
    });

    static Shape<Volume> Volume { get; } = new ObjectShape<Volume>("volume", "Every unit costs what the tier says that the whole quantity falls into.", o =>
    {
        o.Tag("model", "volume");
        var tiers = o.Required("tiers", Tiers, p => p.Tiers, "Rising; the last is open.");
        var atZero = o.Value("flatAtZeroUsage", Flag, false, p => p.FlatAtZeroUsage, "Whether the first tier's flat fee is due without usage.");
        var growth = o.Value("growth", OneOf<VolumeGrowth>(), VolumeGrowth.Rerate, p => p.Growth, "What a further line of the period costs: the difference of both prices, or its units at the tier reached.");
        return v => new(Open("tiers", tiers[v], t => t.UpTo), atZero[v], growth[v]);
    });

    static Shape<Stair> Step { get; } = new ObjectShape<Stair>("step", "A quantity above the step before and up to upTo, inclusive.", o =>
    {
        var upTo = o.Nullable("upTo", Amount, s => s.UpTo, "Its end; null: without end.");
        var price = o.Required("price", Amount, s => s.Price, "What the whole quantity costs.");
        return v => new(upTo[v], price[v]);
    });

    static Shape<Stairstep> Stairstep { get; } = new ObjectShape<Stairstep>("stairstep", "One price for the whole quantity, by the step it falls into.", o =>
    {
        o.Tag("model", "stairstep");
        var steps = o.Required("steps", new ListShape<Stair>(Step, 1000, least: 1), p => p.Steps, "Rising; the last is open.");
        var atZero = o.Value("priceAtZeroUsage", Flag, false, p => p.PriceAtZeroUsage, "Whether the first step's price is due without usage.");
        return v => new(Open("steps", steps[v], s => s.UpTo), atZero[v]);
    });

    static Shape<Percentage> Percentage { get; } = new ObjectShape<Percentage>("percentage", "A share of each event's value. The meter keeps events.", o =>
    {
        o.Tag("model", "percentage");
        var rate = o.Required("ratePercent", Amount, p => p.RatePercent, "The share in percent.");
        var part = o.Value("fixedPerEvent", Amount, Exact.Zero, p => p.FixedPerEvent, "What each event costs besides.");
        var events = o.Nullable("freeEvents", Count, p => p.FreeEvents, "How many events are free.");
        var amount = o.Nullable("freeAmount", Amount, p => p.FreeAmount, "Which value is free; the allowance ends at whichever limit comes first.");
        var minimum = o.Nullable("minimumPerEvent", Amount, p => p.MinimumPerEvent, "What an event costs at least.");
        var maximum = o.Nullable("maximumPerEvent", Amount, p => p.MaximumPerEvent, "What an event costs at most.");
        return v => new(rate[v], part[v], events[v], amount[v], minimum[v], maximum[v]);
    });

    static Shape<GraduatedPercentage> GraduatedPercentage { get; } = new ObjectShape<GraduatedPercentage>("graduatedPercentage", "A share of a value by tiers of that value.", o =>
    {
        o.Tag("model", "graduatedPercentage");
        var tiers = o.Required("tiers", Tiers, p => p.Tiers, "Rising, with the share in percent as unit; the last is open.");
        var atZero = o.Value("flatAtZeroUsage", Flag, false, p => p.FlatAtZeroUsage, "Whether the first tier's flat fee is due without usage.");
        return v => new(Open("tiers", tiers[v], t => t.UpTo), atZero[v]);
    });

    static Shape<PriceModel> Models { get; } = new ChoiceShape<PriceModel>("model",
        new ChoiceShape<PriceModel>.Case<PerUnit>("perUnit", PerUnit),
        new ChoiceShape<PriceModel>.Case<Package>("package", Package),
        new ChoiceShape<PriceModel>.Case<Graduated>("graduated", Graduated),
        new ChoiceShape<PriceModel>.Case<Volume>("volume", Volume),
        new ChoiceShape<PriceModel>.Case<Stairstep>("stairstep", Stairstep),
        new ChoiceShape<PriceModel>.Case<Percentage>("percentage", Percentage),
        new ChoiceShape<PriceModel>.Case<GraduatedPercentage>("graduatedPercentage", GraduatedPercentage),
        new ChoiceShape<PriceModel>.Case<Matrix>("matrix", CompositeShapes.Matrix),
        new ChoiceShape<PriceModel>.Case<BaseFee>("baseFee", BaseFee),
        new ChoiceShape<PriceModel>.Case<DynamicPrice>("dynamic", Dynamic),
        new ChoiceShape<PriceModel>.Case<CostPlus>("costPlus", CostPlus),
        new ChoiceShape<PriceModel>.Case<BlockTiers>("blockTiers", CompositeShapes.BlockTiers),
        new ChoiceShape<PriceModel>.Case<CapacityTiers>("capacityTiers", CompositeShapes.CapacityTiers),
        new ChoiceShape<PriceModel>.Case<Grouped>("grouped", CompositeShapes.Grouped),
        new ChoiceShape<PriceModel>.Case<Windowed>("windowed", CompositeShapes.Windowed),
        new ChoiceShape<PriceModel>.Case<Committed>("committed", CompositeShapes.Committed));

    /// <summary>A contract leaves no quantity without a price: its last tier is open.</summary>
    static IReadOnlyList<T> Open<T>(string list, IReadOnlyList<T> tiers, Func<T, Exact?> end)
    {
        var check = new TermsCheck();
        check.That(end(tiers[^1]) is null, $"{list}[{tiers.Count - 1}].upTo", "TIERS_NOT_OPEN", $"ends the last of them at {end(tiers[^1])}; what lies above has no price");
        check.Done();
        return tiers;
    }
}
