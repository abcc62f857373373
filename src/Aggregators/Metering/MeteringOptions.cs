using Streams.Aggregators.Billing;
using Streams.Schemas;

namespace Streams.Aggregators.Metering;

/// <summary>The settings of the metering topology. Times are in microseconds of event time.</summary>
public sealed record MeteringOptions
{
    public string InputTopic { get; init; } = Topics.UsageEvents;

    public string RatedTopic { get; init; } = Topics.UsageRated;

    /// <summary>Where late events go; null: they are only counted.</summary>
    public string? LateTopic { get; init; } = Topics.UsageLate;

    public string ParkedTopic { get; init; } = Topics.UsageParked;

    public string DeadLetterTopic { get; init; } = Topics.UsageDeadLetters;

    /// <summary>Where each commit's dispositions go; null: nowhere.</summary>
    public string? DispositionsTopic { get; init; } = Topics.UsageDispositions;

    /// <summary>Where documents for the ERPs go; null: no billing.</summary>
    public string? DocumentsTopic { get; init; } = Topics.ErpDocuments;

    /// <summary>Where the documents of contracts go as canonical JSON.</summary>
    public string BillingTopic { get; init; } = Topics.BillingDocuments;

    /// <summary>Where corrections are on record, and what could not be billed or posted.</summary>
    public string JournalTopic { get; init; } = Topics.BillingJournal;

    /// <summary>Where it is told what customers have used of metered features.</summary>
    public string AlertsTopic { get; init; } = Topics.EntitlementAlerts;

    /// <summary>Where it is on record which contracts held from which position on.</summary>
    public string EditionsTopic { get; init; } = Topics.ContractEditions;

    /// <summary>Told of each document as it is made, with its steps; null: nobody. For replays.</summary>
    internal Action<BilledDocument>? Billed { get; init; }

    public string Tenant { get; init; } = "default";

    public long WindowSize { get; init; } = 60_000_000;

    /// <summary>How long after its end, in stream time, a window still takes events.</summary>
    public long Grace { get; init; } = 30_000_000;

    /// <summary>How long an accepted event's identity is remembered, from its own time on.</summary>
    public long DuplicateHorizon { get; init; } = ShortestMemory;

    /// <summary>Identities that a partition remembers beyond <see cref="ShortestMemory"/>; with more, the oldest are dropped sooner than <see cref="DuplicateHorizon"/> says.</summary>
    public int MostRemembered { get; init; } = 5_000_000;

    /// <summary>An hour: identities as young as this are never dropped for their number.</summary>
    public const long ShortestMemory = 3_600_000_000;

    /// <summary>How long after a billing period's end, in stream time, its documents are made; at least <see cref="Grace"/>.</summary>
    public long PeriodGrace { get; init; } = 3_600_000_000;

    /// <summary>The meter of control events that only move stream time.</summary>
    public string FlushMeter { get; init; } = "flush";

    /// <summary>The largest quantity of one event.</summary>
    public ExactDecimal MaxQuantity { get; init; } = ExactDecimal.FromInteger(1_000_000_000_000);

    /// <summary>Schema ids of the output topics' subjects; see <see cref="MeteringTopology.RegisterAsync"/>.</summary>
    public OutputSchemas Schemas { get; init; } = new(1, 1, 1);

    /// <summary>The registered id of <see cref="UsageEvent"/>'s own schema; null: every id is taken for it.</summary>
    public int? UsageEventSchemaId { get; init; }
}

/// <summary>Registered schema ids.</summary>
public sealed record OutputSchemas(int RatedUsage, int Dispositions, int ErpDocument);

/// <summary>Events written with another version of the schema. Answers are cached by the implementation: it is asked once an event.</summary>
public interface IWriterSchemas
{
    /// <summary>
    /// Re-writes a payload in the current schema. False when that cannot be done; <paramref name="code"/> is then SCHEMA_UNKNOWN, SCHEMA_INCOMPATIBLE or AVRO_MALFORMED.
    /// A registry that does not answer is an exception: the record is tried again, not set aside.
    /// </summary>
    bool TryTranscode(int schemaId, ReadOnlySpan<byte> payload, out byte[] usageEvent, out string code);
}
