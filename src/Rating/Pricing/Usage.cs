using Streams.Schemas;

namespace Streams.Rating.Pricing;

/// <summary>A quantity of its own: an event, a time bucket, a cell of a matrix. <paramref name="Key"/> names it: the values of the dimensions, the unit, the rule.</summary>
public sealed record UsageItem(Exact Quantity, params IReadOnlyList<string> Key);

/// <summary>What is priced: a quantity, or the items that the model asks for (<see cref="PriceModel.ByItem"/>); <see cref="Quantity"/> is then their sum.</summary>
public readonly record struct Usage
{
    readonly IReadOnlyList<UsageItem>? _items;

    public Usage(Exact quantity) => Quantity = quantity;

    public Usage(IReadOnlyList<UsageItem> items)
    {
        _items = items;
        Quantity = Exact.Sum(items.Select(i => i.Quantity));
    }

    public Exact Quantity { get; }

    public IReadOnlyList<UsageItem> Items => _items ?? [];

    public static implicit operator Usage(Exact quantity) => new(quantity);

    public static implicit operator Usage(ExactDecimal quantity) => new(quantity);

    public static implicit operator Usage(long quantity) => new(quantity);

    /// <summary>Events or buckets without names.</summary>
    public static Usage Of(IEnumerable<Exact> values) => new(values.Select(v => new UsageItem(v)).ToList());
}

/// <summary>
/// A price. Models are immutable and checked when they are made (<see cref="Contracts.ContractFaultException"/> names field and reason), pure and exact:
/// nothing is rounded unless <see cref="Calculation.EachTier"/> says so.
/// </summary>
public abstract record PriceModel
{
    /// <summary>Whether the model prices items (events, cells, windows) rather than one quantity.</summary>
    public virtual bool ByItem => false;

    /// <summary>What the whole usage since the start of the period costs.</summary>
    /// <exception cref="PricingException">Usage that has no price.</exception>
    public abstract Exact Price(in Usage usage, in Calculation calculation);

    /// <summary>As above, without steps and without rounding.</summary>
    public Exact Price(in Usage usage) => Price(usage, default);

    /// <summary>What a growth from one quantity to another costs: the difference of both prices, unless the model says otherwise.</summary>
    public virtual Exact Between(Exact before, Exact after, in Calculation calculation)
    {
        var already = Price(before, calculation with { Trail = null });
        var whole = Price(after, calculation);
        if (calculation.Records) calculation.Trail!.Add(StepKind.AlreadyPriced, $"less the price of the first {before}", -already);
        return whole - already;
    }

    /// <summary>As above, without steps and without rounding.</summary>
    public Exact Between(Exact before, Exact after) => Between(before, after, default);

    /// <exception cref="PricingException">A negative quantity: what it means is for the charge to say (<see cref="NegativeUsage"/>).</exception>
    internal static void NotNegative(Exact quantity)
    {
        if (quantity.Sign < 0) throw new PricingException("quantity", $"{quantity} is negative");
    }
}
