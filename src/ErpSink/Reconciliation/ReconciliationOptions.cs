namespace Streams.ErpSink.Reconciliation;

/// <summary>How often the sink compares, and how much of the ERPs' quotas that may take.</summary>
public sealed record ReconciliationOptions
{
    /// <summary>From one comparison of the ledger with itself and the topics to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Confirmed documents of open periods are read back from the ERPs.</summary>
    public bool ReadBack { get; init; } = true;

    /// <summary>Percent of an account's quota that reading back takes at most, 1 to 100.</summary>
    public int ReadBackPercent { get; init; } = 10;

    /// <summary>From the start of one walk over an account's confirmed documents to the start of the next, at least.</summary>
    public TimeSpan ReadBackInterval { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A document that is under way for longer is a difference.</summary>
    public TimeSpan StuckAfter { get; init; } = TimeSpan.FromDays(1);

    /// <exception cref="ArgumentException">Names the setting that makes no sense.</exception>
    public void Validate()
    {
        if (Interval <= TimeSpan.Zero) throw new ArgumentException($"reconciliation.interval {Interval} is not above zero");
        if (ReadBackPercent is < 1 or > 100) throw new ArgumentException($"reconciliation.readBackPercent {ReadBackPercent} is not within 1 to 100");
        if (ReadBackInterval <= TimeSpan.Zero) throw new ArgumentException($"reconciliation.readBackInterval {ReadBackInterval} is not above zero");
        if (StuckAfter <= TimeSpan.Zero) throw new ArgumentException($"reconciliation.stuckAfter {StuckAfter} is not above zero");
    }
}
