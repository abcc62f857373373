namespace Streams.Rating.Pricing;

/// <summary>
/// A share of each event's value, e.g. of payments, with a fixed part. The free allowance ends at whichever of its limits comes first; an event that only
/// begins within the free amount pays for the rest of its value and its fixed part. Minimum and maximum hold for share and fixed part of one event together.
/// </summary>
public sealed record Percentage : PriceModel
{
    readonly Exact _rate;

    public Percentage(
        Exact ratePercent, Exact fixedPerEvent = default, long? freeEvents = null, Exact? freeAmount = null, Exact? minimumPerEvent = null, Exact? maximumPerEvent = null)
    {
        var check = new TermsCheck();
        check.NotNegative("ratePercent", RatePercent = ratePercent);
        check.NotNegative("fixedPerEvent", FixedPerEvent = fixedPerEvent);
        check.That(freeEvents is null or >= 0, "freeEvents", "VALUE_NEGATIVE", $"{freeEvents} is negative");
        check.NotNegative("freeAmount", FreeAmount = freeAmount);
        check.NotNegative("minimumPerEvent", MinimumPerEvent = minimumPerEvent);
        check.NotNegative("maximumPerEvent", MaximumPerEvent = maximumPerEvent);
        check.That(minimumPerEvent is null || maximumPerEvent is null || minimumPerEvent.Value <= maximumPerEvent.Value, "maximumPerEvent", "MAXIMUM_BELOW_MINIMUM",
            $"{maximumPerEvent} is below the minimum, {minimumPerEvent}");
        check.Done();
        FreeEvents = freeEvents;
        _rate = Exact.Percent(ratePercent);
    }

    public Exact RatePercent { get; }

    public Exact FixedPerEvent { get; }

    public long? FreeEvents { get; }

    public Exact? FreeAmount { get; }

    public Exact? MinimumPerEvent { get; }

    public Exact? MaximumPerEvent { get; }

    public override bool ByItem => true;

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        var sum = Exact.Zero;
        var freeAmount = FreeAmount ?? Exact.Zero;
        for (var i = 0; i < usage.Items.Count; i++)
        {
            var value = usage.Items[i].Quantity;
            NotNegative(value);
            var (free, whole) = Free(i, value, freeAmount);
            freeAmount -= Exact.Min(free, freeAmount);
            sum += Event(i, value, value - free, whole, calculation);
        }
        return sum;
    }

    /// <summary>The part of an event's value that the allowance covers, and whether that is the whole event.</summary>
    (Exact Part, bool Whole) Free(int index, Exact value, Exact amountLeft)
    {
        if (FreeEvents is null && FreeAmount is null) return (Exact.Zero, false);
        if (FreeEvents is { } events && index >= events) return (Exact.Zero, false);
        if (FreeAmount is null) return (value, true);
        return amountLeft.IsZero ? (Exact.Zero, false) : (Exact.Min(value, amountLeft), value <= amountLeft);
    }

    Exact Event(int index, Exact value, Exact paid, bool isFree, in Calculation calculation)
    {
        var name = calculation.Records ? $"event {index + 1} of {value}" : "";
        if (isFree) return calculation.Part(StepKind.Event, null, null, Exact.Zero, calculation.Records ? name + ", free" : "");
        var fee = paid * _rate + FixedPerEvent;
        if (calculation.Records) calculation.Trail!.Add(StepKind.Event, FixedPerEvent.IsZero ? $"{name}, {RatePercent} % of {paid}" : $"{name}, {RatePercent} % of {paid} and {FixedPerEvent}", fee);
        if (MinimumPerEvent is { } minimum && fee < minimum) return calculation.Part(StepKind.Minimum, null, null, minimum, calculation.Records ? name + ", raised to the minimum" : "");
        if (MaximumPerEvent is { } maximum && fee > maximum) return calculation.Part(StepKind.Maximum, null, null, maximum, calculation.Records ? name + ", limited to the maximum" : "");
        return calculation.EachTier is { } rounding ? calculation.Rounded(rounding, fee) : fee;
    }
}

/// <summary>A share of a value by graduated tiers of that value, each with its flat fee. Where tiers accumulate over a year and invoices are monthly, use <see cref="PriceModel.Between(Exact, Exact)"/>.</summary>
public sealed record GraduatedPercentage : PriceModel
{
    readonly Graduated _tiers;

    /// <param name="tiers">With the rate in percent as each tier's unit price.</param>
    /// <param name="flatAtZeroUsage">Whether the first tier's fee is due without usage.</param>
    public GraduatedPercentage(IReadOnlyList<PriceTier> tiers, bool flatAtZeroUsage = false)
    {
        Tiers = PriceTiers.Checked(tiers);
        _tiers = new(Tiers.Select(t => t with { Unit = Exact.Percent(t.Unit) }).ToList(), flatAtZeroUsage);
    }

    public IReadOnlyList<PriceTier> Tiers { get; }

    public bool FlatAtZeroUsage => _tiers.FlatAtZeroUsage;

    public override Exact Price(in Usage usage, in Calculation calculation) => _tiers.Price(usage, calculation);

    public override Exact Between(Exact before, Exact after, in Calculation calculation) => _tiers.Between(before, after, calculation);
}
