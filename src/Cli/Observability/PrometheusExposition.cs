using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Reflection;
using System.Text;

namespace Streams.Cli.Observability;

/// <summary>
/// Listens to the product's meters, and a few of the runtime's, and renders what they measured in Prometheus' text format 0.0.4.
/// Must exist before the first measurement that is to be counted. Recording takes no lock but a histogram's own.
/// </summary>
public sealed class PrometheusExposition : IDisposable
{
    /// <summary>Content type of <see cref="Render"/>'s text.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>Series in all; measurements that would need more are dropped and counted.</summary>
    public const int DefaultMaxSeries = 4000;

    readonly ConcurrentDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    readonly MeterListener _listener = new();
    readonly SeriesBudget _budget;
    readonly Lock _scrapes = new();
    long _scrape;

    public PrometheusExposition(int maxSeries = DefaultMaxSeries)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxSeries);
        _budget = new(maxSeries);
        _listener.InstrumentPublished = Publish;
        _listener.SetMeasurementEventCallback<byte>((i, v, tags, state) => Record(v, tags, state));
        _listener.SetMeasurementEventCallback<short>((i, v, tags, state) => Record(v, tags, state));
        _listener.SetMeasurementEventCallback<int>((i, v, tags, state) => Record(v, tags, state));
        _listener.SetMeasurementEventCallback<long>((i, v, tags, state) => Record(v, tags, state));
        _listener.SetMeasurementEventCallback<float>((i, v, tags, state) => Record(v, tags, state));
        _listener.SetMeasurementEventCallback<double>((i, v, tags, state) => Record(v, tags, state));
        _listener.SetMeasurementEventCallback<decimal>((i, v, tags, state) => Record((double)v, tags, state));
        _listener.Start();
    }

    /// <summary>Whether a meter is exposed: the product's own, the runtime's and the web server's.</summary>
    public static bool Exposes(string meter) => meter.StartsWith("Streams.", StringComparison.Ordinal) || meter is "System.Runtime" or "Microsoft.AspNetCore.Server.Kestrel";

    /// <summary>Asks the observable instruments and renders every series.</summary>
    public string Render()
    {
        lock (_scrapes)
        {
            var scrape = Interlocked.Increment(ref _scrape);
            _listener.RecordObservableInstruments();
            var text = new StringBuilder(16_384);
            foreach (var family in _families.Values.OrderBy(f => f.Name, StringComparer.Ordinal))
            {
                family.Write(text, scrape);
                family.Forget(scrape);
            }
            WriteOwn(text);
            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    void Publish(Instrument instrument, MeterListener listener)
    {
        if (!Exposes(instrument.Meter.Name)) return;
        listener.EnableMeasurementEvents(instrument, _families.GetOrAdd(PrometheusName.Of(instrument), _ => new MetricFamily(instrument, _budget)));
    }

    void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
        ((MetricFamily)state!).Record(value, tags, Interlocked.Read(ref _scrape));

    void WriteOwn(StringBuilder text)
    {
        var version = typeof(PrometheusExposition).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
        MetricFamily.Header(text, "streams_build_info", "What is running: always 1.", SeriesKind.Gauge);
        text.Append($"streams_build_info{{runtime=\"{Environment.Version}\",version=\"{version}\"}} 1\n");
        MetricFamily.Header(text, "streams_metrics_dropped_measurements_total", "Measurements dropped because there were too many series.", SeriesKind.Counter);
        text.Append($"streams_metrics_dropped_measurements_total {_budget.Dropped}\n");
    }
}
