using Streams.Aggregators.Billing;
using Streams.Aggregators.Rating;
using Streams.Schemas;

namespace Streams.Aggregators.Metering;

/// <summary>One customer's meter: what its billing period holds so far and its open windows. <see cref="AccountTable"/> knows its key.</summary>
public struct Account
{
    /// <summary>No window.</summary>
    public const int None = -1;

    /// <summary>What the closed windows of <see cref="Period"/> add up to.</summary>
    public ExactDecimal Quantity;

    /// <summary>The terms found last; null before the first.</summary>
    public TermsLease? Lease;

    /// <summary>The <see cref="BillingLine"/> or <see cref="UsageSlice"/> that the last window went into.</summary>
    public object? Billed;

    /// <summary>The pack of the changelog that holds its latest entry; 0 before the first.</summary>
    public long Pack;

    /// <summary>Year * 12 + month - 1 of the last closed window.</summary>
    public int Period;

    /// <summary>The number of the open window that was opened last, each naming the next: one or two as a rule.</summary>
    public int Windows;

    /// <summary>The place among all accounts by customer and meter.</summary>
    public int Rank;

    internal int KeyAt;
    internal short CustomerLength;
    internal short KeyLength;

    /// <summary>Changed since the last commit.</summary>
    public bool Dirty;
}

/// <summary>One minute of an account that still takes events.</summary>
public struct OpenWindow
{
    public ExactDecimal Quantity;

    public HeldTerms Terms;

    public long Start;

    public long Events;

    public long FirstOffset;

    public long LastOffset;

    /// <summary>The account's number.</summary>
    public int Account;

    /// <summary>The account's next open window, or <see cref="Metering.Account.None"/>.</summary>
    public int Next;
}

/// <summary>Terms that open windows are rated by. During a restore windows may come before their terms.</summary>
public sealed class HeldTerms(UInt128 id)
{
    public UInt128 Id => id;

    public Terms? Terms { get; set; }
}

/// <summary>Terms that are good for windows from <paramref name="From"/> until <paramref name="Until"/> (microseconds) in an edition of the source; shared by accounts.</summary>
public sealed record TermsLease(Terms Terms, object Edition, long From, long Until);
