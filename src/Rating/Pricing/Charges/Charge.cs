namespace Streams.Rating.Pricing;

/// <summary>
/// What is rated for one line: the usage since the period's start up to the line's end and, for a further line of the period, up to its beginning
/// (<paramref name="Before"/>) with what was billed for that. <paramref name="Final"/>: the period ends with it. <paramref name="Period"/> counts billing periods
/// of the contract from 0, for discounts that end.
/// </summary>
public readonly record struct LineUsage(Usage Total, Usage? Before = null, Exact PreviouslyBilled = default, bool Final = true, int Period = 0);

/// <summary>A line's amount before it was rounded, and as it is billed.</summary>
public readonly record struct RatedAmount(Exact Unrounded, Exact Amount);

/// <summary>A rated line with the steps that led to its amount, for people.</summary>
public sealed record RatedLine(string Charge, Exact Quantity, Exact Unrounded, Exact Amount, IReadOnlyList<PricingStep> Steps);

/// <summary>A price model with what surrounds it. Rating is pure: the same usage gives the same amount.</summary>
public sealed class Charge
{
    readonly Rounding? _eachTier;
    readonly Rounding? _eachLine;
    readonly bool _plain;

    /// <exception cref="Contracts.ContractFaultException">The terms contradict each other.</exception>
    public Charge(string id, PriceModel model, ChargeTerms? terms = null)
    {
        (Id, Model, Terms) = (id, model, terms ?? ChargeTerms.Plain);
        Terms.Check(model.ByItem);
        if (Terms.Rounding is { Place: RoundingPlace.Tier } tier) _eachTier = tier.Rule;
        if (Terms.Rounding is { Place: RoundingPlace.Line } line) _eachLine = line.Rule;
        _plain = Terms.Discounts.Count == 0 && Terms.Minimum is null && Terms.Maximum is null && Terms.Split == SplitMethod.CumulativeTiers;
    }

    public string Id { get; }

    public PriceModel Model { get; }

    public ChargeTerms Terms { get; }

    /// <summary>The amount of a line; steps are recorded where a trail is given.</summary>
    /// <exception cref="PricingException">Usage that has no price.</exception>
    public RatedAmount Rate(in LineUsage usage, Trail? trail = null)
    {
        var calculation = new Calculation(trail, _eachTier);
        var amount = _plain ? Growth(usage.Before, usage.Total, calculation) : Adjusted(usage, calculation);
        return new(amount, _eachLine is { } rounding ? calculation.Rounded(rounding, amount) : amount);
    }

    /// <summary>The line with its steps.</summary>
    public RatedLine Explain(in LineUsage usage)
    {
        var trail = new Trail();
        var rated = Rate(usage, trail);
        return new(Id, usage.Total.Quantity - (usage.Before?.Quantity ?? Exact.Zero), rated.Unrounded, rated.Amount, trail.Steps);
    }

    Exact Adjusted(in LineUsage usage, in Calculation calculation)
    {
        var again = Terms.Split == SplitMethod.RerateAndCredit || (Terms.Order == AdjustmentOrder.MaximumMinimumDiscount && Terms.Split == SplitMethod.CumulativeTiers);
        if (again) return Again(usage, calculation);
        var restart = Terms.Split == SplitMethod.RestartTiers && usage.Before is not null;
        var growth = restart ? Growth(null, Since(usage.Before!.Value, usage.Total), calculation) : Growth(usage.Before, usage.Total, calculation);
        var before = Terms.Discounts.Count > 0 && usage.Before is { } first ? Growth(null, first, new(null, _eachTier)) : Exact.Zero;
        return Terms.Order == AdjustmentOrder.DiscountMaximumMinimum
            ? Limited(DiscountChain.ApplyToGrowth(Terms.Discounts, usage.Period, before, growth, calculation.Trail), usage, calculation)
            : DiscountChain.ApplyToGrowth(Terms.Discounts, usage.Period, before, Limited(growth, usage, calculation), calculation.Trail);
    }

    /// <summary>The whole period once more, less what was billed.</summary>
    Exact Again(in LineUsage usage, in Calculation calculation)
    {
        var whole = usage with { Before = null, PreviouslyBilled = Exact.Zero };
        var price = Growth(null, usage.Total, calculation);
        var amount = Terms.Order == AdjustmentOrder.DiscountMaximumMinimum
            ? Limited(DiscountChain.ApplyToGrowth(Terms.Discounts, usage.Period, Exact.Zero, price, calculation.Trail), whole, calculation)
            : DiscountChain.ApplyToGrowth(Terms.Discounts, usage.Period, Exact.Zero, Limited(price, whole, calculation), calculation.Trail);
        if (!usage.PreviouslyBilled.IsZero) calculation.Trail?.Add(StepKind.AlreadyBilled, "less what was billed", -usage.PreviouslyBilled);
        return amount - usage.PreviouslyBilled;
    }

    /// <summary>The maximum and, with the last line, the minimum of the period, each less what was billed of it.</summary>
    Exact Limited(Exact amount, in LineUsage usage, in Calculation calculation)
    {
        if (Terms.Maximum is { } maximum && amount > maximum - usage.PreviouslyBilled)
        {
            amount = maximum - usage.PreviouslyBilled;
            if (calculation.Records) calculation.Trail!.Add(StepKind.Maximum, $"limited to the maximum of {maximum} of the period", amount);
        }
        if (usage.Final && Terms.Minimum is { } minimum && amount < minimum - usage.PreviouslyBilled)
        {
            amount = minimum - usage.PreviouslyBilled;
            if (calculation.Records) calculation.Trail!.Add(StepKind.Minimum, $"raised to the minimum of {minimum} of the period", amount);
        }
        return amount;
    }

    Exact Growth(in Usage? before, in Usage total, in Calculation calculation)
    {
        if (Model.ByItem)
        {
            var whole = Model.Price(total, calculation);
            if (before is null) return whole;
            var already = Model.Price(before.Value, calculation with { Trail = null });
            calculation.Trail?.Add(StepKind.AlreadyPriced, "less the price of what came before", -already);
            return whole - already;
        }
        var (from, to) = Terms.Quantity.Apply(before?.Quantity ?? Exact.Zero, total.Quantity, calculation.Trail);
        return from.Sign < 0 || to.Sign < 0 ? BelowZero(before is null ? null : from, to, calculation)
            : before is null ? Model.Price(to, calculation)
            : Model.Between(from, to, calculation);
    }

    Exact BelowZero(Exact? from, Exact to, Calculation calculation)
    {
        switch (Terms.Quantity.Negative)
        {
            case NegativeUsage.Refuse:
                throw new PricingException("quantity", $"{(to.Sign < 0 ? to : from)} is negative");
            case NegativeUsage.Zero:
                if (to.Sign < 0) calculation.Trail?.Add(StepKind.Quantity, $"{to} units count as none", Exact.Zero);
                var end = Exact.Max(to, Exact.Zero);
                return from is { } start ? Model.Between(Exact.Max(start, Exact.Zero), end, calculation) : Model.Price(end, calculation);
            default:
                return Signed(to, calculation) - (from is { } first ? Signed(first, calculation with { Trail = null }) : Exact.Zero);
        }
    }

    Exact Signed(Exact quantity, Calculation calculation)
    {
        if (quantity.Sign >= 0) return Model.Price(quantity, calculation);
        var price = -Model.Price(-quantity, calculation);
        calculation.Trail?.Add(StepKind.Quantity, $"{quantity} units: as much is given back", price);
        return price;
    }

    static Usage Since(Usage before, Usage total) =>
        total.Items.Count > 0 ? new(total.Items.Skip(before.Items.Count).ToList()) : new Usage(total.Quantity - before.Quantity);
}
