namespace Streams.ErpSink.Quotas;

/// <summary>
/// What an ERP account allows, and how much of it the sink takes: all instances together. NetSuite's pool is shared with other integrations and people, so that
/// the default is 3 of its standard 5.
/// </summary>
public sealed record AccountQuota
{
    /// <summary>Requests under way at a time.</summary>
    public int Concurrency { get; init; } = 3;

    /// <summary>Requests in any window of <see cref="Window"/>; null: as many as the concurrency lets through.</summary>
    public int? Requests { get; init; }

    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Of the concurrency, what only priority work may use. The same share of the window's requests.</summary>
    public int Reserve { get; init; }

    /// <exception cref="ArgumentException">Names the setting that makes no sense.</exception>
    public void Validate()
    {
        if (Concurrency is < 1 or > 1000) throw new ArgumentException($"quota.concurrency {Concurrency} is not within 1 to 1000");
        if (Requests is < 1 or > 100_000) throw new ArgumentException($"quota.requests {Requests} is not within 1 to 100000");
        if (Window <= TimeSpan.Zero || Window > TimeSpan.FromDays(1)) throw new ArgumentException($"quota.window {Window} is not within a day");
        if (Reserve < 0 || Reserve >= Concurrency) throw new ArgumentException($"quota.reserve {Reserve} is not below the concurrency {Concurrency}");
    }
}
