namespace Streams.Rating.Pricing;

/// <summary>Where prepaid credit stands in a document. Tax is always on the lines less coupons: paying in advance does not change what was sold.</summary>
public enum CreditPlace
{
    /// <summary>Credit pays the lines; the tax stays to be paid.</summary>
    BeforeTax,

    /// <summary>Credit pays lines and tax.</summary>
    AfterTax,
}

/// <summary>How lines become a document: each a declared choice.</summary>
public sealed record DocumentTerms
{
    /// <param name="rounding">Of every sum in the document, e.g. to the currency's minor unit.</param>
    public DocumentTerms(Rounding rounding) => Rounding = rounding;

    public Rounding Rounding { get; }

    /// <summary>In the order in which they apply.</summary>
    public IReadOnlyList<Coupon> Coupons { get; init; } = [];

    /// <summary>Decimals of a coupon's shares; null: those of <see cref="Rounding"/>.</summary>
    public int? CouponPlaces { get; init; }

    public ShareRounding CouponRounding { get; init; } = ShareRounding.AddUp;

    /// <summary>What the document costs at least after coupons, before tax.</summary>
    public Exact? Minimum { get; init; }

    /// <summary>What the document costs at most after coupons, before tax.</summary>
    public Exact? Maximum { get; init; }

    /// <summary>Rates on what <see cref="Minimum"/> adds or <see cref="Maximum"/> takes.</summary>
    public IReadOnlyList<Exact> AdjustmentTaxPercents { get; init; } = [];

    public CreditPlace Credit { get; init; } = CreditPlace.AfterTax;

    public TaxRounding TaxRounding { get; init; } = TaxRounding.Document;

    public TaxBase TaxBase { get; init; } = TaxBase.Exact;

    internal void Check()
    {
        var check = new TermsCheck();
        for (var i = 0; i < Coupons.Count; i++) Coupons[i].Terms.Check(check, $"coupons[{i}].terms");
        check.That(Coupons.Count <= TermsCheck.MaxItems, "coupons", "LIST_TOO_LONG", $"has more than {TermsCheck.MaxItems} entries");
        check.That(CouponPlaces is null or (>= 0 and <= 18), "couponPlaces", "PLACES_INVALID", $"{CouponPlaces} is not between 0 and 18");
        check.That(CouponPlaces is not null || Rounding.Places >= 0, "couponPlaces", "PLACES_INVALID", "is needed where amounts are rounded before the point");
        check.NotNegative("minimum", Minimum);
        check.NotNegative("maximum", Maximum);
        check.That(Minimum is null || Maximum is null || Minimum.Value <= Maximum.Value, "maximum", "MAXIMUM_BELOW_MINIMUM", $"{Maximum} is below the minimum, {Minimum}");
        check.Done();
    }
}
