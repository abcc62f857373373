using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>Over what a commitment is counted.</summary>
public enum CommitmentPer
{
    Period,

    /// <summary>The contract's whole term; trued up when it ends.</summary>
    Term,
}

/// <summary>An amount that a period or the term costs at least. What is missing becomes a line of the commitment's id.</summary>
public sealed record CommitmentTerms(string Id, Exact Amount)
{
    public CommitmentPer Per { get; init; }

    /// <summary>Ids of the charges that count; null: all.</summary>
    public IReadOnlyList<string>? Charges { get; init; }

    public TrueUpOrder TrueUp { get; init; } = TrueUpOrder.RoundThenSubtract;

    /// <summary>The product of the line, for its tax.</summary>
    public string? Product { get; init; }

    public bool Counts(string charge) => Charges is null || Charges.Contains(charge, StringComparer.Ordinal);

    /// <summary>The commitment as the document of a version rounds.</summary>
    public MinimumCommitment Rounded(Rounding rounding) => new(Amount, rounding, TrueUp);
}

/// <summary>A tax on products; null: on all of them.</summary>
public sealed record TaxRate(string Name, Exact Percent, IReadOnlyList<string>? Products = null)
{
    public bool Covers(string product) => Products is null || Products.Contains(product, StringComparer.Ordinal);
}

/// <summary>The declared choices of how lines become a document.</summary>
public sealed record DocumentOptions
{
    public static DocumentOptions Default { get; } = new();

    public RoundingMode Mode { get; init; } = RoundingMode.HalfUp;

    /// <summary>Null: the currency's minor unit.</summary>
    public int? Places { get; init; }

    /// <summary>Decimals of a coupon's shares; null: the document's.</summary>
    public int? CouponPlaces { get; init; }

    public ShareRounding CouponShares { get; init; } = ShareRounding.AddUp;

    public CreditPlace Credit { get; init; } = CreditPlace.AfterTax;

    public TaxRounding TaxRounding { get; init; } = TaxRounding.Document;

    public TaxBase TaxBase { get; init; } = TaxBase.Exact;

    /// <summary>Rates on what the document's minimum adds or its maximum takes.</summary>
    public IReadOnlyList<Exact> AdjustmentTaxPercents { get; init; } = [];

    internal DocumentTerms Terms(string currency, ContractVersion version) => new(new Rounding(Places ?? Money.MinorUnits(currency), Mode))
    {
        Coupons = version.Coupons, CouponPlaces = CouponPlaces, CouponRounding = CouponShares, Minimum = version.Minimum, Maximum = version.Maximum,
        AdjustmentTaxPercents = AdjustmentTaxPercents, Credit = Credit, TaxRounding = TaxRounding, TaxBase = TaxBase,
    };
}
