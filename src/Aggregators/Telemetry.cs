using System.Diagnostics.Metrics;
using Streams.Aggregators.Metering;

namespace Streams.Aggregators;

/// <summary>The room's instruments. Counted when a task prepares its commit; an abort repeats the work and counts again.</summary>
static class Telemetry
{
    static readonly Meter Meter = new("Streams.Aggregators");

    static readonly Counter<long> Records = Meter.CreateCounter<long>("streams.aggregators.records", "{record}", "Usage records by what became of them.");

    static readonly Counter<long> Windows = Meter.CreateCounter<long>("streams.aggregators.windows_closed", "{window}", "Windows closed and rated.");

    public static readonly Counter<long> Documents = Meter.CreateCounter<long>("streams.aggregators.documents", "{document}", "Billing documents made.");

    public static readonly Counter<long> Restored = Meter.CreateCounter<long>("streams.aggregators.restored", "{entry}", "Accounts and identities taken back from packs of changelogs and of local state.");

    public static void Count(DispositionCounts counts)
    {
        Add("accepted", counts.Accepted);
        Add("duplicate", counts.Duplicate);
        Add("late", counts.Late);
        Add("parked", counts.Parked);
        Add("dead_lettered", counts.DeadLettered);
        Add("control", counts.Control);
        Windows.Add(counts.WindowsClosed);
    }

    static void Add(string disposition, long count)
    {
        if (count > 0) Records.Add(count, new KeyValuePair<string, object?>("disposition", disposition));
    }
}
