using Streams.Schemas;

namespace Streams.Rating.Pricing;

/// <summary>Times that come again: every so many months after the anchor (a 31st goes to the end of a shorter month, and back to the 31st), or every so many microseconds.</summary>
public sealed record Recurrence
{
    Recurrence(int months, long micros) => (Months, Micros) = (months, micros);

    public int Months { get; }

    public long Micros { get; }

    public static Recurrence EveryMonths(int months) => months is > 0 and <= 1200 ? new(months, 0) : throw new PricingException("months", $"{months} is not between 1 and 1200");

    public static Recurrence Every(TimeSpan span) => span > TimeSpan.Zero ? new(0, span.Ticks / TimeSpan.TicksPerMicrosecond) : throw new PricingException("span", $"{span} is not above zero");

    /// <summary>The n-th time after the anchor, always counted from the anchor itself so that a short month does not pull later ones along.</summary>
    public Timestamp At(Timestamp anchor, int n) =>
        Months > 0 ? Timestamp.From(anchor.ToDateTimeOffset().AddMonths(Months * n)) : new(anchor.Micros + Micros * n);

    /// <summary>As <see cref="At(Timestamp, int)"/>, on the local calendar.</summary>
    public DateOnly At(DateOnly anchor, int n) =>
        Months > 0 ? anchor.AddMonths(Months * n) : throw new PricingException("span", "dates recur by months");

    /// <summary>
    /// A grant given anew each time until <paramref name="until"/> (exclusive): each expires when the next comes, into which it rolls over as <see cref="Grant.Rollover"/> says.
    /// </summary>
    public IReadOnlyList<Grant> Expand(Grant grant, Timestamp until)
    {
        var grants = new List<Grant>();
        for (var n = 0; At(grant.EffectiveAt, n) < until; n++)
        {
            if (n == TermsCheck.MaxItems) throw new PricingException("recurrence", $"comes more than {TermsCheck.MaxItems} times");
            var expiry = At(grant.EffectiveAt, n + 1);
            grants.Add(grant with
            {
                Id = $"{grant.Id}#{n + 1}", EffectiveAt = At(grant.EffectiveAt, n), ExpiresAt = expiry, Successor = expiry < until ? $"{grant.Id}#{n + 2}" : null,
            });
        }
        return grants;
    }
}
