using Streams.Rating.Pricing;
using static Streams.Rating.Contracts.Format.PriceShapes;
using static Streams.Rating.Contracts.Format.Scalars;

namespace Streams.Rating.Contracts.Format;

/// <summary>The price models that hold others, or count blocks and peaks.</summary>
static class CompositeShapes
{
    static Shape<MatrixCell> Cell { get; } = new ObjectShape<MatrixCell>("cell", "The price of one combination of values.", o =>
    {
        var values = o.Required("values", new ListShape<string>(Label, 8, least: 1), c => c.Values, "One for each dimension, in their order.");
        var price = o.Required("price", Price, c => c.Price, "Its price.");
        return v => new(values[v], price[v]);
    });

    public static Shape<Matrix> Matrix { get; } = new ObjectShape<Matrix>("matrix", "A price by dimensions. The meter groups by them.", o =>
    {
        o.Tag("model", "matrix");
        var dimensions = o.Required("dimensions", new ListShape<string>(Label, 8, least: 1), m => m.Dimensions, "Their names.");
        var cells = o.Required("cells", new ListShape<MatrixCell>(Cell, 10_000, least: 1), m => m.Cells, "The prices.");
        var otherwise = o.Optional("otherwise", Price, m => m.Otherwise, "The price of combinations without a cell; null: they are refused.");
        return v => new(dimensions[v], cells[v], otherwise[v]);
    });

    static Shape<BlockTier> BlockTier { get; } = new ObjectShape<BlockTier>("blockTier", "Blocks of one size.", o =>
    {
        var size = o.Required("size", Amount, t => t.Size, "Units of a block.");
        var most = o.Nullable("maxBlocks", Count, t => t.MaxBlocks, "How many of its own blocks the tier holds; null: without end.");
        var price = o.Required("price", Amount, t => t.Price, "What a block costs that is begun.");
        return v => new(size[v], most[v], price[v]);
    });

    public static Shape<BlockTiers> BlockTiers { get; } = new ObjectShape<BlockTiers>("blockTiers", "Tiers that count blocks of their own.", o =>
    {
        o.Tag("model", "blockTiers");
        var tiers = o.Required("tiers", new ListShape<BlockTier>(BlockTier, 1000, least: 1), b => b.Tiers, "One after the other; only the last may be without end.");
        var policy = o.Value("policy", OneOf<BlockPolicy>(), BlockPolicy.AllTiers, b => b.Policy, "Each tier is filled in turn, or all blocks cost what the tier reached says.");
        return v => new(tiers[v], policy[v]);
    });

    static Shape<CapacityTier> CapacityTier { get; } = new ObjectShape<CapacityTier>("capacityTier", "A price for as long as no peak goes above its limit.", o =>
    {
        var limits = o.Required("limits", new MapShape<Exact>(Amount, 100), t => t.Limits, "The highest peak of each unit; a unit that is not named has no limit.");
        var price = o.Required("price", Amount, t => t.Price, "What the period costs.");
        return v => new(limits[v], price[v]);
    });

    public static Shape<CapacityTiers> CapacityTiers { get; } = new ObjectShape<CapacityTiers>("capacityTiers", "The first tier whose limits hold for every peak. The meter groups by one dimension, the unit.", o =>
    {
        o.Tag("model", "capacityTiers");
        var tiers = o.Required("tiers", new ListShape<CapacityTier>(CapacityTier, 1000, least: 1), c => c.Tiers, "The lowest first.");
        return v => new(tiers[v]);
    });

    public static Shape<Grouped> Grouped { get; } = new ObjectShape<Grouped>("grouped", "Each group is priced alone, and the amounts are added up.", o =>
    {
        o.Tag("model", "grouped");
        var by = o.Required("by", OneOf<RatingGroup>(), g => g.Group, "Each event, each window of the meter, or each of its groups.");
        var each = o.Required("each", Price, g => g.Each, "The price, whose tiers start again with each.");
        return v => new(each[v], by[v]);
    });

    static Shape<Commitment> Commitment { get; } = new ObjectShape<Commitment>("priceCommitment", "An amount agreed for a window or the period.", o =>
    {
        var amount = o.Required("amount", Amount, c => c.Amount, "What is agreed.");
        var factor = o.Value("overageFactor", Amount, Exact.One, c => c.OverageFactor, "How many times its price what goes beyond costs.");
        var trueUp = o.Value("trueUp", Flag, true, c => c.TrueUp, "Whether what stays below is paid all the same.");
        return v => new(amount[v], factor[v], trueUp[v]);
    });

    static Shape<WindowTimes> Times { get; } = new ObjectShape<WindowTimes>("windowTimes", "Hours of the contract's clock, on some days of the week.", o =>
    {
        var from = o.Value("fromHour", Int(0, 23), 0, t => t.FromHour, "The first hour.");
        var to = o.Value("toHour", Int(0, 24), 24, t => t.ToHour, "The hour behind the last; not above the first: over midnight.");
        var days = o.List("days", OneOf<DayOfWeek>(), t => t.Days, "The days on which windows begin; none: all.", most: 7);
        return v => new(from[v], to[v], days[v]);
    });

    static Shape<WindowRule> Rule { get; } = new ObjectShape<WindowRule>("windowRule", "The price of some windows.", o =>
    {
        var name = o.Required("name", Label, r => r.Name, "What the line calls them.");
        var price = o.Required("price", Price, r => r.Price, "The price of each window alone.");
        var commitment = o.Optional("commitment", Commitment, r => r.Commitment, "The commitment of each window.");
        var times = o.Optional("times", Times, r => r.Times, "Which windows go by the rule; null: all that none before takes.");
        return v => new(name[v], price[v], commitment[v], times[v]);
    });

    public static Shape<Windowed> Windowed { get; } = new ObjectShape<Windowed>("windowed", "Windows (hours, say) priced each alone by the first rule that takes it. The meter has windows.", o =>
    {
        o.Tag("model", "windowed");
        var rules = o.Required("rules", new ListShape<WindowRule>(Rule, 100, least: 1), w => w.Rules, "In their order; the last without times.");
        return v => new(Closed(rules[v]));
    });

    public static Shape<Committed> Committed { get; } = new ObjectShape<Committed>("committed", "A price under a commitment of the period.", o =>
    {
        o.Tag("model", "committed");
        var price = o.Required("price", Price, c => c.Model, "The price.");
        var commitment = o.Required("commitment", Commitment, c => c.Commitment, "The commitment.");
        return v => new(price[v], commitment[v]);
    });

    /// <summary>A contract leaves no window without a price.</summary>
    static IReadOnlyList<WindowRule> Closed(IReadOnlyList<WindowRule> rules)
    {
        var check = new TermsCheck();
        check.That(rules[^1].Times is null, $"rules[{rules.Count - 1}].times", "RULES_NOT_OPEN", "limits the last rule; other windows have no price");
        check.Done();
        return rules;
    }
}
