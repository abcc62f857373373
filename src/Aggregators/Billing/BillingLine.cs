using Streams.Schemas;

namespace Streams.Aggregators.Billing;

/// <summary>Which document and line a rated window belongs to. Ordered as documents and their lines are: by UTF-16 code units, period first.</summary>
public readonly record struct BillingKey(int Period, string Customer, string Contract, int Version, string Currency, string LegalEntity, string Product, string Meter)
    : IComparable<BillingKey>
{
    /// <summary>The key without product and meter: the same for all lines of a document.</summary>
    public BillingKey Document => this with { Product = "", Meter = "" };

    public int CompareTo(BillingKey other)
    {
        var order = Period.CompareTo(other.Period);
        if (order == 0) order = string.CompareOrdinal(Customer, other.Customer);
        if (order == 0) order = string.CompareOrdinal(Contract, other.Contract);
        if (order == 0) order = Version.CompareTo(other.Version);
        if (order == 0) order = string.CompareOrdinal(Currency, other.Currency);
        if (order == 0) order = string.CompareOrdinal(LegalEntity, other.LegalEntity);
        if (order == 0) order = string.CompareOrdinal(Product, other.Product);
        return order == 0 ? string.CompareOrdinal(Meter, other.Meter) : order;
    }
}

/// <summary>The sum of the rated windows of one customer's meter under one contract version in one billing period.</summary>
public sealed class BillingLine(BillingKey key)
{
    public BillingKey Key => key;

    public ExactDecimal Quantity { get; set; }

    public ExactDecimal Amount { get; set; }

    public long Windows { get; set; }

    public long Events { get; set; }

    public long FirstOffset { get; set; } = long.MaxValue;

    public long LastOffset { get; set; } = -1;

    /// <summary>Changed since the last commit.</summary>
    public bool Dirty { get; set; }

    /// <summary>The terms of the windows, to know the next one's line without looking it up.</summary>
    public UInt128 TermsId { get; set; }
}
