using System.Diagnostics.Metrics;
using Streams.Aggregators.Metering;

namespace Streams.Aggregators;

/// <summary>The room's instruments. Counted when a task prepares its commit; an abort repeats the work and counts again.</summary>
static class Telemetry
{
    static readonly Meter Meter = new("Streams.Aggregators");

    static readonly Counter<long> Records = Meter.CreateCounter<long>("streams.aggregators.records", "{record}", "Usage records by what became of them.");

    static readonly Counter<long> Windows = Meter.CreateCounter<long>("streams.aggregators.windows_closed", "{window}", "Windows closed and rated.");

    static readonly Counter<long> Documents = Meter.CreateCounter<long>("streams.aggregators.documents", "{document}", "Billing documents made, by kind.");

    static readonly Counter<long> Journal = Meter.CreateCounter<long>("streams.aggregators.journal_entries", "{entry}", "Entries of billing.journal by kind and, where there is one, code.");

    static readonly Counter<long> Unbilled = Meter.CreateCounter<long>("streams.aggregators.late_usage_listed", "{record}", "Late usage and corrections that were set aside instead of billed, by code.");

    /// <summary>Contracts of this process' tasks that cannot be billed now.</summary>
    public static readonly UpDownCounter<long> Blocked = Meter.CreateUpDownCounter<long>("streams.aggregators.contracts_blocked", "{contract}", "Contracts that cannot be billed now.");

    public static readonly Counter<long> Restored = Meter.CreateCounter<long>("streams.aggregators.restored", "{entry}", "Accounts and identities taken back from packs of changelogs and of local state.");

    static readonly Counter<long> Alerts = Meter.CreateCounter<long>("streams.aggregators.entitlements.alerts", "{alert}", "Alerts of metered features by kind.");

    static readonly Counter<long> Lookups = Meter.CreateCounter<long>("streams.aggregators.entitlements.lookups", "{request}", "Entitlements asked for, by what was answered.");

    static readonly Histogram<double> LookupSeconds = Meter.CreateHistogram<double>("streams.aggregators.entitlements.lookup.duration", "s", "Time from request to answer, of entitlements.");

    static readonly Counter<long> Summaries = Meter.CreateCounter<long>("streams.aggregators.summaries", "{journal}", "Summary journals sent on to the ERPs.");
    static readonly Counter<long> Summarised = Meter.CreateCounter<long>("streams.aggregators.summarised", "{document}", "Documents that reach the ERPs within summary journals.");

    static readonly Counter<long> Previews = Meter.CreateCounter<long>("streams.aggregators.previews", "{request}", "Running previews asked for, by the answer's status.");

    public static void Alert(string kind) => Alerts.Add(1, new KeyValuePair<string, object?>("kind", kind));

    /// <param name="outcome">allowed, denied, listed, unknown, refused, unavailable, elsewhere or forwarded.</param>
    /// <param name="seconds">From request to answer.</param>
    public static void Lookup(string outcome, double seconds)
    {
        Lookups.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        LookupSeconds.Record(seconds);
    }

    public static void Preview(int status) => Previews.Add(1, new KeyValuePair<string, object?>("status", status));

    public static void Count(DispositionCounts counts)
    {
        Add("accepted", counts.Accepted);
        Add("duplicate", counts.Duplicate);
        Add("late", counts.Late);
        Add("parked", counts.Parked);
        Add("dead_lettered", counts.DeadLettered);
        Add("control", counts.Control);
        Add("routed", counts.Routed);
        Windows.Add(counts.WindowsClosed);
    }

    /// <param name="documents">That it sums up.</param>
    public static void Summary(int documents)
    {
        Summaries.Add(1);
        Summarised.Add(documents);
    }

    public static void Document(string kind) => Documents.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public static void JournalEntry(string kind, string code) => Journal.Add(1, new("kind", kind), new("code", code));

    public static void Listed(string code) => Unbilled.Add(1, new KeyValuePair<string, object?>("code", code));

    static void Add(string disposition, long count)
    {
        if (count > 0) Records.Add(count, new KeyValuePair<string, object?>("disposition", disposition));
    }
}
