using Streams.Schemas;

namespace Streams.Ingest.Events;

/// <summary>What validation asks of the contracts.</summary>
public interface IContractCatalogue
{
    /// <summary>Whether all contracts are read; until then nothing can be validated.</summary>
    bool IsReady { get; }

    bool HasMeter(string meter);

    bool HasCustomer(string customer);
}

/// <summary>
/// The rules that every usage event meets before it is published, whichever entrance it came through.
/// A customer without a contract is allowed unless <paramref name="requireKnownCustomer"/>: rating parks such events.
/// </summary>
public sealed class UsageEventRules(IContractCatalogue catalogue, TimeProvider clock, bool requireKnownCustomer = false)
{
    /// <summary>Reserved for control events that move stream time; usage under it would never be rated.</summary>
    public const string FlushMeter = "flush";

    public const int MaxDimensions = 32;

    /// <summary>How far a sender's clock may run ahead.</summary>
    public static readonly TimeSpan MaxAhead = TimeSpan.FromMinutes(15);

    /// <summary>No usage is older than 2000-01-01; earlier times are clocks that were never set.</summary>
    public static readonly Timestamp Earliest = Timestamp.From(new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <exception cref="EventRefusedException">The first rule that the event breaks.</exception>
    public void Check(UsageEvent usage)
    {
        EventText.RequireId(usage.Id, "id");
        EventText.RequireId(usage.Source, "source");
        EventText.RequireId(usage.CustomerId, "subject");
        EventText.RequireId(usage.Meter, "meter");
        if (usage.SubscriptionId is { } subscription) EventText.RequireId(subscription, "subscription_id");
        if (usage.CorrelationId is { } correlation) EventText.RequireId(correlation, "correlation_id");
        CheckDimensions(usage.Dimensions);
        CheckTime(usage.OccurredAt);
        if (usage.Quantity < ExactDecimal.Zero) throw new EventRefusedException(RefusalCodes.QuantityNegative, "quantity", "is negative");
        CheckAgainstContracts(usage);
    }

    static void CheckDimensions(IReadOnlyDictionary<string, string> dimensions)
    {
        if (dimensions.Count > MaxDimensions)
        {
            throw new EventRefusedException(RefusalCodes.TooManyDimensions, "dimensions", $"has {dimensions.Count} entries, {MaxDimensions} at most are kept");
        }
        foreach (var (key, value) in dimensions)
        {
            EventText.Require(key, "dimensions", EventText.MaxDimensionBytes);
            EventText.Check(value, $"dimensions.{key}", EventText.MaxDimensionBytes);
        }
    }

    void CheckTime(Timestamp time)
    {
        if (time < Earliest) throw new EventRefusedException(RefusalCodes.TimeOutOfRange, "time", "is before 2000-01-01T00:00:00Z");
        if (time > Timestamp.From(clock.GetUtcNow() + MaxAhead)) throw new EventRefusedException(RefusalCodes.TimeOutOfRange, "time", "is more than 15 minutes ahead");
    }

    void CheckAgainstContracts(UsageEvent usage)
    {
        if (usage.Meter == FlushMeter) throw new EventRefusedException(RefusalCodes.MeterReserved, "meter", "is reserved for control events");
        if (!catalogue.HasMeter(usage.Meter)) throw new EventRefusedException(RefusalCodes.MeterUnknown, "meter", "is not among the meters of the contracts");
        if (requireKnownCustomer && !catalogue.HasCustomer(usage.CustomerId))
        {
            throw new EventRefusedException(RefusalCodes.CustomerUnknown, "subject", "is not a known customer");
        }
    }
}
