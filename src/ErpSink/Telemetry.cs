using System.Diagnostics.Metrics;

namespace Streams.ErpSink;

/// <summary>The sink's metrics.</summary>
public static class Telemetry
{
    static readonly Meter Meter = new("Streams.ErpSink");
    static readonly Counter<long> Calls = Meter.CreateCounter<long>("streams.erp.calls", "{call}", "Calls to the ERP by call and outcome");
    static readonly Counter<long> Documents = Meter.CreateCounter<long>("streams.erp.call.documents", "{document}", "Documents of calls to the ERP by call and outcome");
    static readonly UpDownCounter<long> InFlight = Meter.CreateUpDownCounter<long>("streams.erp.calls.in_flight", "{call}", "Calls this instance is waiting for");
    static readonly Histogram<double> Duration = Meter.CreateHistogram<double>("streams.erp.call.duration", "s", "Time from a call to its outcome");

    internal static readonly Counter<long> Confirmed = Meter.CreateCounter<long>("streams.erp.documents.confirmed", "{document}", "Documents read back from the ERP and equal");
    internal static readonly Counter<long> Records = Meter.CreateCounter<long>("streams.erp.records", "{record}", "Records taken in by disposition");
    internal static readonly Counter<long> Published = Meter.CreateCounter<long>("streams.erp.published", "{record}", "Receipts and dead letters published");

    static QueueFigures _figures = new(new SortedDictionary<string, long>(StringComparer.Ordinal), 0, 0, 0);

    static Telemetry()
    {
        Meter.CreateObservableGauge("streams.erp.documents", () => _figures.ByState.Select(s => new Measurement<long>(s.Value, new KeyValuePair<string, object?>("state", s.Key))),
            "{document}", "Documents in the ledger by state");
        Meter.CreateObservableGauge("streams.erp.permits.in_use", () => _figures.PermitsInUse, "{permit}", "Permits in use over all instances");
        Meter.CreateObservableGauge("streams.erp.unknown.oldest_age", () => _figures.OldestUnknownSeconds, "s", "Age of the oldest unknown outcome");
        Meter.CreateObservableGauge("streams.erp.work_items.open", () => _figures.OpenWorkItems, "{item}", "Items on the work list");
    }

    internal static void CallBegins() => InFlight.Add(1);

    internal static void CallLeaves() => InFlight.Add(-1);

    internal static void CallEnds(string account, string call, IReadOnlyList<Posting.ErpAnswer> answers, TimeSpan duration)
    {
        foreach (var outcome in answers.GroupBy(a => a.OutcomeName))
        {
            Documents.Add(outcome.Count(), new KeyValuePair<string, object?>("account", account), new KeyValuePair<string, object?>("call", call),
                new KeyValuePair<string, object?>("outcome", outcome.Key));
        }
        Calls.Add(1, new KeyValuePair<string, object?>("account", account), new KeyValuePair<string, object?>("call", call),
            new KeyValuePair<string, object?>("outcome", answers.Select(a => a.OutcomeName).Distinct().Count() == 1 ? answers[0].OutcomeName : "mixed"));
        Duration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("account", account), new KeyValuePair<string, object?>("call", call));
    }

    internal static void Taken(Ledger.IntakeCounts counts)
    {
        Records.Add(counts.Planned, new KeyValuePair<string, object?>("disposition", "planned"));
        Records.Add(counts.Duplicates, new KeyValuePair<string, object?>("disposition", "duplicate"));
        Records.Add(counts.Conflicts, new KeyValuePair<string, object?>("disposition", "conflict"));
        Records.Add(counts.Rejected, new KeyValuePair<string, object?>("disposition", "rejected"));
    }

    internal static void Show(QueueFigures figures) => _figures = figures;
}

/// <summary>What the gauges show, read from the ledger now and then.</summary>
sealed record QueueFigures(IReadOnlyDictionary<string, long> ByState, long PermitsInUse, double OldestUnknownSeconds, long OpenWorkItems);
