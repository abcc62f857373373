using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>Something that is charged for: usage, a fee that comes again, or one that comes once.</summary>
public abstract record ChargeDefinition(string Id, string Product)
{
    /// <summary>What the line says; null: the id.</summary>
    public string? Description { get; init; }

    /// <summary>Taken one after the other.</summary>
    public IReadOnlyList<ChargeDiscount> Discounts { get; init; } = [];

    public RoundingTerms Rounding { get; init; } = RoundingTerms.Default;

    /// <summary>So many days from the contract's start are free: usage that happened in them, and their share of a fee. 0: none.</summary>
    public int TrialDays { get; init; }
}

/// <summary>Over what a charge's tiers, free units, minimum and maximum run on.</summary>
public enum Accumulation
{
    /// <summary>Each billing period begins anew.</summary>
    Period,

    /// <summary>Twelve months from the contract's start (and each of its anniversaries) together, billed by period.</summary>
    Year,

    /// <summary>The contract's whole term.</summary>
    Term,
}

/// <summary>A price for what a meter measured, billed in arrears.</summary>
public sealed record UsageCharge(string Id, string Product, string Meter, PriceModel Price) : ChargeDefinition(Id, Product)
{
    public QuantityRule Quantity { get; init; } = QuantityRule.Plain;

    /// <summary>What a period (see <see cref="Accumulate"/>) costs at least.</summary>
    public Exact? Minimum { get; init; }

    /// <summary>What a period costs at most.</summary>
    public Exact? Maximum { get; init; }

    public AdjustmentOrder Order { get; init; } = AdjustmentOrder.DiscountMaximumMinimum;

    public SplitMethod Split { get; init; } = SplitMethod.CumulativeTiers;

    public Accumulation Accumulate { get; init; } = Accumulation.Period;

    /// <summary>
    /// Units added or taken away in mid-period (the values of a sum's events) count for the rest of it, by this rule; the full units choose the tier
    /// (<see cref="ProratedGraduated"/>, <see cref="Volume.PriceProrated"/>). Null: each unit counts whole.
    /// </summary>
    public Proration? ProrateUnits { get; init; }

    /// <summary>What the price asks for.</summary>
    public UsageItems Items => ProrateUnits is null ? PriceItems.Of(Price) : UsageItems.Events;

    /// <summary>The charge as it is rated in a billing period of the contract, counted from 0.</summary>
    /// <exception cref="ContractFaultException">The terms contradict each other.</exception>
    public Charge InPeriod(int period, string currency) => new(Id, Price, new()
    {
        Quantity = Quantity with { UsageDiscount = Quantity.UsageDiscount + Exact.Sum(Discounts.Where(d => d.HoldsIn(period)).Select(d => d.Units)) },
        Discounts = [.. Discounts.Select(d => d.Priced).OfType<Discount>()],
        Minimum = Minimum, Maximum = Maximum, Order = Order, Split = Split, Rounding = Rounding.For(currency),
    });
}

/// <summary>When a fee is billed.</summary>
public enum ChargeTiming
{
    /// <summary>With the document of the period before; the first with the contract's start.</summary>
    Advance,

    /// <summary>With the document of its own period.</summary>
    Arrears,
}

/// <summary>A fee that comes again with every <see cref="EveryPeriods"/>th billing period: what <see cref="Quantity"/> (of seats, say) costs by <see cref="Price"/>.</summary>
public sealed record RecurringCharge(string Id, string Product, PriceModel Price, Exact Quantity) : ChargeDefinition(Id, Product)
{
    public ChargeTiming Timing { get; init; } = ChargeTiming.Advance;

    public int EveryPeriods { get; init; } = 1;

    /// <summary>What a part of a period costs, where the charge begins, changes or ends in it. Null: a period begun is paid whole.</summary>
    public Proration? Proration { get; init; } = Periods.Proration.Days;

    /// <summary>A fee of one amount: a price for each of one unit.</summary>
    public static RecurringCharge Of(string id, string product, Exact amount) => new(id, product, new PerUnit(amount), Exact.One);

    /// <summary>The fee of a whole period, before discounts and rounding.</summary>
    public Exact Fee(Trail? trail = null) => Price.Price(Quantity, new Calculation(trail));
}

/// <summary>A fee that comes once: with the first period (<see cref="At"/> null), or with the one that holds a time.</summary>
public sealed record OneOffCharge(string Id, string Product, Exact Amount) : ChargeDefinition(Id, Product)
{
    public Timestamp? At { get; init; }
}
