using System.Diagnostics.Metrics;

namespace Streams.ErpSink.Reconciliation;

/// <summary>Metrics of what does not agree.</summary>
public static class Telemetry
{
    static readonly Meter Meter = new("Streams.ErpSink");
    static readonly Counter<long> ReadBacks = Meter.CreateCounter<long>("streams.erp.read_back.documents", "{document}", "Confirmed documents read back from the ERP, by outcome");

    static IReadOnlyList<DifferenceFigure> _differences = [];
    static (long Open, long Lost) _restores;

    static Telemetry()
    {
        Meter.CreateObservableGauge("streams.erp.differences.open", () => Differences(f => f.Open), "{difference}", "Open differences between usage, ledger and ERPs by class");
        Meter.CreateObservableGauge("streams.erp.differences.oldest_age", () => Differences(f => f.OldestSeconds), "s", "Age of the oldest open difference by class");
        Meter.CreateObservableGauge("streams.erp.ledger.restores_open", () => _restores.Open, "{restore}", "Restores of the ledger that are not accounted for yet");
        Meter.CreateObservableGauge("streams.erp.ledger.receipts_lost", () => _restores.Lost, "{document}", "Confirmations that the topic of receipts remembers and the ledger does not");
    }

    internal static void Read(string account, string outcome, int documents) =>
        ReadBacks.Add(documents, new KeyValuePair<string, object?>("account", account), new KeyValuePair<string, object?>("outcome", outcome));

    internal static void Show(IReadOnlyList<DifferenceFigure> differences) => _differences = differences;

    internal static void Show((long Open, long Lost) restores) => _restores = restores;

    static IEnumerable<Measurement<long>> Differences(Func<DifferenceFigure, long> value) => _differences.Select(f => new Measurement<long>(value(f), new KeyValuePair<string, object?>("class", f.Class)));
}

/// <summary>The open differences of a class; zero where there are none, so that an alert ends.</summary>
sealed record DifferenceFigure(string Class, long Open, long OldestSeconds);
