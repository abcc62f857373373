using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>What a change in mid-period means. Fees that come again are prorated by their own rule, whatever stands here.</summary>
public enum AmendmentProration
{
    /// <summary>
    /// Each part of the period stands alone: its usage is rated by its version from zero on, and tier ends, free units, minimum, maximum and commitment of the
    /// part count for its share of the period (in days).
    /// </summary>
    Time,

    /// <summary>
    /// Usage runs on: what came since the change is priced by the new version as growth on top of what came before. Minimum, maximum and commitment
    /// are those in force at the period's end, whole.
    /// </summary>
    Usage,
}

/// <summary>The terms from <see cref="From"/> until <see cref="To"/> (exclusive; null: open).</summary>
public sealed record ContractVersion(int Version, Timestamp From, Timestamp? To = null)
{
    /// <summary>Null: the contract has only charges of its own.</summary>
    public string? PriceBook { get; init; }

    /// <summary>The price book's version that holds all the time; null: whichever is in force.</summary>
    public int? PriceBookVersion { get; init; }

    /// <summary>Charges beside those of the price book, or in place of that of the same id.</summary>
    public IReadOnlyList<ChargeDefinition> Charges { get; init; } = [];

    /// <summary>Ids of the price book's charges that do not hold here.</summary>
    public IReadOnlyList<string> Remove { get; init; } = [];

    /// <summary>What the change to this version in mid-period means.</summary>
    public AmendmentProration Amendment { get; init; }

    public IReadOnlyList<CommitmentTerms> Commitments { get; init; } = [];

    /// <summary>What a document costs at least, after coupons and before tax.</summary>
    public Exact? Minimum { get; init; }

    /// <summary>What a document costs at most, after coupons and before tax.</summary>
    public Exact? Maximum { get; init; }

    /// <summary>In the order in which they apply.</summary>
    public IReadOnlyList<Coupon> Coupons { get; init; } = [];

    public CreditTerms Credits { get; init; } = CreditTerms.None;

    /// <summary>Null: documents are made when periods end.</summary>
    public ThresholdBilling? Threshold { get; init; }

    public DocumentOptions Document { get; init; } = DocumentOptions.Default;

    public IReadOnlyList<TaxRate> Taxes { get; init; } = [];

    public IReadOnlyList<Entitlement> Entitlements { get; init; } = [];

    /// <summary>The rates on a product's lines, in percent.</summary>
    public IReadOnlyList<Exact> TaxPercents(string product) => [.. Taxes.Where(t => t.Covers(product)).Select(t => t.Percent)];

    /// <summary>How lines become a document in a currency.</summary>
    public DocumentTerms DocumentTerms(string currency) => Document.Terms(currency, this);

    /// <summary>The charges in force with a version of the price book: the book's in its order, then the contract's own.</summary>
    public IReadOnlyList<ChargeDefinition> ChargesWith(PriceBookVersion? prices)
    {
        if (Charges.Count == 0 && Remove.Count == 0) return prices?.Charges ?? [];
        var own = Charges.ToDictionary(c => c.Id, StringComparer.Ordinal);
        var listed = (prices?.Charges ?? []).Where(c => !Remove.Contains(c.Id, StringComparer.Ordinal)).ToList();
        var ids = listed.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        return [.. listed.Select(c => own.GetValueOrDefault(c.Id, c)), .. Charges.Where(c => !ids.Contains(c.Id))];
    }
}
