namespace Streams.Rating.Pricing;

/// <summary>A line as it comes into a document: its amount after discount, limits and rounding of its own, and its tax rates in percent.</summary>
public sealed record DocumentLine(string Id, Exact Amount, params IReadOnlyList<Exact> TaxPercents);

/// <summary>
/// A document's sums, each rounded: total = subtotal - coupons + adjustment + tax - credit. <see cref="CouponShares"/> are by line, in the places that the terms keep.
/// </summary>
public sealed record RatedDocument
{
    public required Exact SubTotal { get; init; }

    public required IReadOnlyList<Exact> CouponShares { get; init; }

    public required Exact Coupons { get; init; }

    /// <summary>What the document's minimum added (positive) or its maximum took (negative): a line of its own.</summary>
    public required Exact Adjustment { get; init; }

    public required Exact Tax { get; init; }

    /// <summary>Prepaid credit that was burned.</summary>
    public required Exact Credit { get; init; }

    public required IReadOnlyList<PricingStep> Steps { get; init; }

    public Exact Net => SubTotal - Coupons + Adjustment;

    public Exact Total => Net + Tax - Credit;

    /// <summary>Lines, then coupons, then minimum and maximum, then tax and credit as the terms say.</summary>
    /// <param name="terms">Checked here.</param>
    /// <param name="lines">In the document's order.</param>
    /// <param name="credit">Prepaid credit at hand; as much of it as fits is burned.</param>
    /// <param name="period">The billing period, counted from 0, for coupons that end.</param>
    /// <param name="trail">Where the steps go; without one none are recorded.</param>
    /// <exception cref="Contracts.ContractFaultException">Terms that contradict each other.</exception>
    public static RatedDocument Of(DocumentTerms terms, IReadOnlyList<DocumentLine> lines, Exact credit = default, int period = 0, Trail? trail = null)
    {
        terms.Check();
        if (credit.Sign < 0) throw new PricingException("credit", $"{credit} is negative");
        var calculation = new Calculation(trail);
        var subTotal = calculation.Rounded(terms.Rounding, Exact.Sum(lines.Select(l => l.Amount)));
        var shares = CouponAllocation.Apply(terms.Coupons, lines.Select(l => (l.Id, l.Amount)).ToList(), period, terms.CouponPlaces ?? terms.Rounding.Places, terms.CouponRounding, trail);
        var coupons = terms.Rounding.Apply(shares.Total);
        var adjustment = Limited(terms, subTotal - coupons, trail);
        var taxed = lines.Select((l, i) => new TaxedAmount(l.Amount - shares.ByLine[i], l.TaxPercents)).Append(new(adjustment, terms.AdjustmentTaxPercents)).ToList();
        var tax = Pricing.Tax.Of(taxed, terms.Rounding, terms.TaxRounding, terms.TaxBase);
        if (!tax.IsZero) trail?.Add(StepKind.Tax, $"tax, rounded per {terms.TaxRounding}", tax);
        var payable = subTotal - coupons + adjustment + (terms.Credit == CreditPlace.AfterTax ? tax : Exact.Zero);
        var burned = Exact.Min(credit.Round(terms.Rounding.Places, RoundingMode.Down), Exact.Max(payable, Exact.Zero));
        if (!burned.IsZero) trail?.Add(StepKind.Credit, "prepaid credit", -burned);
        return new()
        {
            SubTotal = subTotal, CouponShares = shares.ByLine, Coupons = coupons, Adjustment = adjustment, Tax = tax, Credit = burned, Steps = trail?.Steps ?? [],
        };
    }

    static Exact Limited(DocumentTerms terms, Exact net, Trail? trail)
    {
        var limited = terms.Maximum is { } maximum && net > maximum ? maximum : terms.Minimum is { } minimum && net < minimum ? minimum : net;
        var adjustment = terms.Rounding.Apply(limited - net);
        if (adjustment.Sign > 0) trail?.Add(StepKind.Minimum, $"up to the document's minimum of {terms.Minimum}", adjustment);
        if (adjustment.Sign < 0) trail?.Add(StepKind.Maximum, $"down to the document's maximum of {terms.Maximum}", adjustment);
        return adjustment;
    }
}
