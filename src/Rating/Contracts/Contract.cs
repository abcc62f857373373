using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>Billing periods of so many months (1 to 12), from an anchor's day on; null: with the calendar's months.</summary>
public sealed record BillingTerms(int Months = 1, DateOnly? Anchor = null)
{
    public static BillingTerms Monthly { get; } = new();
}

/// <summary>What becomes of usage that is late, corrected or cancelled after its period's document was finalised.</summary>
public enum LateUsage
{
    /// <summary>A delta document in the first open period.</summary>
    Bill,

    /// <summary>The same, but it waits for somebody to release it.</summary>
    Hold,

    /// <summary>It is listed and not billed.</summary>
    List,
}

/// <summary>A customer's contract: versions that follow one another without gap or overlap.</summary>
public sealed record Contract
{
    public static readonly long DefaultGraceMicros = ZoneClock.DayMicros;

    public const int DefaultCorrectionPeriods = 12;

    /// <exception cref="ContractFaultException">Versions with gaps, in force at once or contradicting each other; an unknown time zone; more than 12 or fewer than 1 months.</exception>
    public Contract(string id, string customer, string currency, string timeZone, IReadOnlyList<ContractVersion> versions, BillingTerms? billing = null)
    {
        (Id, Customer, Currency, TimeZone, Versions, Billing) = (id, customer, currency, timeZone, versions, billing ?? BillingTerms.Monthly);
        Calendar = ContractCheck.Run(this);
    }

    public string Id { get; }

    public string Customer { get; }

    public string Currency { get; }

    /// <summary>The IANA name; periods, windows and days are cut by its clock.</summary>
    public string TimeZone { get; }

    public BillingTerms Billing { get; }

    /// <summary>In the order of time.</summary>
    public IReadOnlyList<ContractVersion> Versions { get; }

    /// <summary>How long after its end a period stays open for late usage, in microseconds.</summary>
    public long GraceMicros { get; init; } = DefaultGraceMicros;

    public LateUsage LateUsage { get; init; }

    /// <summary>How many finalised periods back corrections are taken; what is older is listed.</summary>
    public int CorrectionPeriods { get; init; } = DefaultCorrectionPeriods;

    public BillingCalendar Calendar { get; }

    public ZoneClock Zone => Calendar.Zone;

    public Timestamp Start => Versions[0].From;

    /// <summary>Null: open.</summary>
    public Timestamp? End => Versions[^1].To;

    /// <summary>Which of the contract's billing periods this is, counted from 0.</summary>
    public int NumberOf(Period period) => period.Index - Calendar.Of(Start).Index;

    /// <summary>The version in force at a time.</summary>
    public ContractVersion? At(Timestamp at) => Versions.FirstOrDefault(v => v.From <= at && (v.To is not { } to || at < to));
}
