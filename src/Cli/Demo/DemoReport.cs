using System.Text.Json.Serialization;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>What the demo saw, counted from the topics, the ledger and the simulator's journal; printed as tables or as one JSON object.</summary>
sealed record DemoReport
{
    /// <summary>Wall time from start to reconciliation, in seconds.</summary>
    public required decimal Seconds { get; init; }

    public required EntranceCounts Entrance { get; init; }

    public required DispositionCounts Dispositions { get; init; }

    public required long Windows { get; init; }

    public required IReadOnlyList<MeterCharge> Charges { get; init; }

    public required IReadOnlyDictionary<string, long> Documents { get; init; }

    public required IReadOnlyList<ErpCounts> Erps { get; init; }

    public required IReadOnlyList<ReconciliationLine> Reconciliation { get; init; }

    /// <summary>An invoice as its customer would have seen it in mid-month; null where there is none.</summary>
    [JsonIgnore]
    public DemoPreview? Preview { get; init; }

    /// <summary>What live state says of the same customer; null where it has no contract.</summary>
    public DemoLive? Live { get; init; }

    /// <summary>What the ERP refused on the way, and how it was put right; null where nothing was.</summary>
    public DemoException? Exception { get; init; }

    public bool Reconciled => Reconciliation.All(l => l.Difference == ExactDecimal.Zero);
}

/// <summary>Events as the producers sent them and how the entrance answered.</summary>
sealed record EntranceCounts(long Sent, long Accepted, long Conflicts, long Rejected);

/// <summary>What became of every record of usage.events.</summary>
sealed record DispositionCounts(long Records, long Accepted, long Duplicate, long Late, long Parked, long DeadLettered, long Control, long Routed)
{
    public static DispositionCounts operator +(DispositionCounts a, Dispositions b) => new(
        a.Records + b.Records, a.Accepted + b.Accepted, a.Duplicate + b.Duplicate, a.Late + b.Late,
        a.Parked + b.Parked, a.DeadLettered + b.DeadLettered, a.Control + b.Control, a.Routed + b.Routed);

    public long Sum => Accepted + Duplicate + Late + Parked + DeadLettered + Control + Routed;
}

sealed record MeterCharge(string Meter, string Currency, long Windows, long Events, ExactDecimal Quantity, ExactDecimal Amount);

/// <summary>An ERP's own view: its journal and what its gate saw.</summary>
sealed record ErpCounts(string Erp, long Calls, long Documents, long DuplicatesRefused, long Throttled, long FaultsInjected, int MaxInFlight, int Limit, int MaxCallsPerSecond);

/// <summary>Two figures that must agree.</summary>
sealed record ReconciliationLine(string What, ExactDecimal Left, ExactDecimal Right)
{
    public ExactDecimal Difference => Left - Right;
}
