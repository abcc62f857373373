using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Streams.Cli.Observability;

/// <summary>
/// Every instrument of the product in Prometheus' text format 0.0.4, collected by a <see cref="MeterListener"/>. Names: dots become underscores,
/// then the unit in full (s: seconds, By: bytes), then _total on counters. The number of series is bounded; what is beyond is counted.
/// </summary>
sealed class PrometheusExposition : IDisposable
{
    /// <summary>Most series kept, all instruments together.</summary>
    public const int MaxSeries = 5_000;

    /// <summary>What the endpoint answers with.</summary>
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    readonly MeterListener _listener = new();
    readonly Lock _lock = new();
    readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    int _series;
    long _dropped;

    public PrometheusExposition()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("Streams.", StringComparison.Ordinal) || instrument.Meter.Name == "System.Runtime")
                listener.EnableMeasurementEvents(instrument, Family(instrument));
        };
        _listener.SetMeasurementEventCallback<int>((_, value, tags, state) => Record((MetricFamily)state!, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, state) => Record((MetricFamily)state!, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, state) => Record((MetricFamily)state!, value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    /// <summary>The present values of everything.</summary>
    public string Collect()
    {
        _listener.RecordObservableInstruments();
        var text = new StringBuilder();
        lock (_lock)
        {
            foreach (var family in _families.Values) family.Write(text);
        }
        var version = typeof(PrometheusExposition).Assembly.GetName().Version!;
        text.Append("# HELP streams_build_info The running build.\n# TYPE streams_build_info gauge\n");
        text.Append(CultureInfo.InvariantCulture, $"streams_build_info{{version=\"{version}\",runtime=\"{Environment.Version}\"}} 1\n");
        text.Append("# HELP streams_metrics_dropped_total Measurements of series beyond the bound.\n# TYPE streams_metrics_dropped_total counter\n");
        text.Append(CultureInfo.InvariantCulture, $"streams_metrics_dropped_total {_dropped}\n");
        return text.ToString();
    }

    /// <summary>The family's name as Prometheus knows it.</summary>
    public static string NameOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_').Replace('-', '_');
        var unit = instrument.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (unit.Length > 0 && !name.EndsWith(unit, StringComparison.Ordinal)) name += unit;
        return MetricFamily.KindOf(instrument) == "counter" && !name.EndsWith("_total", StringComparison.Ordinal) ? name + "_total" : name;
    }

    MetricFamily Family(Instrument instrument)
    {
        lock (_lock)
        {
            var name = NameOf(instrument);
            if (!_families.TryGetValue(name, out var family)) _families[name] = family = new MetricFamily(name, instrument);
            return family;
        }
    }

    void Record(MetricFamily family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_lock)
        {
            if (family.Record(value, tags, _series < MaxSeries, out var added)) _series += added ? 1 : 0;
            else _dropped++;
        }
    }
}
