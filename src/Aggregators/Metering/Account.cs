using System.Text;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Rating;
using Streams.Schemas;

namespace Streams.Aggregators.Metering;

/// <summary>One customer's meter: what its billing period holds so far and its open windows. <paramref name="key"/>: customer, a zero byte, meter.</summary>
public sealed class Account(byte[] key, int customerLength, ulong hash)
{
    public byte[] Key => key;

    public ulong Hash => hash;

    public ReadOnlySpan<byte> CustomerBytes => key.AsSpan(0, customerLength);

    public ReadOnlySpan<byte> MeterBytes => key.AsSpan(customerLength + 1);

    public string Customer { get; } = Encoding.UTF8.GetString(key, 0, customerLength);

    public string Meter { get; } = Encoding.UTF8.GetString(key, customerLength + 1, key.Length - customerLength - 1);

    /// <summary>Year * 12 + month - 1 of the last closed window.</summary>
    public int Period { get; set; } = int.MinValue;

    /// <summary>What the closed windows of <see cref="Period"/> add up to.</summary>
    public ExactDecimal Quantity { get; set; }

    /// <summary>The open windows, the latest opened first: one or two as a rule.</summary>
    public OpenWindow? Windows { get; set; }

    /// <summary>The place among all accounts by customer and meter.</summary>
    public int Rank { get; set; }

    /// <summary>Changed since the last commit.</summary>
    public bool Dirty { get; set; }

    /// <summary>The terms found last, good for windows from <see cref="TermsFrom"/> until <see cref="TermsUntil"/> in <see cref="TermsEdition"/>.</summary>
    public Terms? Terms { get; set; }

    public object? TermsEdition { get; set; }

    public Timestamp TermsFrom { get; set; }

    public Timestamp TermsUntil { get; set; }

    /// <summary>The line that the last window went into.</summary>
    public BillingLine? Line { get; set; }

    public OpenWindow? Find(long start)
    {
        for (var window = Windows; window is not null; window = window.Next)
        {
            if (window.Start == start) return window;
        }
        return null;
    }

    public void Remove(OpenWindow closed)
    {
        if (Windows == closed)
        {
            Windows = closed.Next;
            return;
        }
        for (var window = Windows; window is not null; window = window.Next)
        {
            if (window.Next == closed) window.Next = closed.Next;
        }
    }
}

/// <summary>One minute of an account that still takes events.</summary>
public sealed class OpenWindow
{
    public required Account Account { get; init; }

    public required long Start { get; init; }

    public required UInt128 TermsId { get; init; }

    public Terms? Terms { get; set; }

    public long Events { get; set; }

    public ExactDecimal Quantity { get; set; }

    public long FirstOffset { get; set; }

    public long LastOffset { get; set; }

    public OpenWindow? Next { get; set; }
}
