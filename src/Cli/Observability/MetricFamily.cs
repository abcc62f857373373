using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Streams.Cli.Observability;

/// <summary>One metric with its series. Not thread-safe: its owner locks.</summary>
sealed class MetricFamily(string name, Instrument instrument)
{
    static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    static readonly double[] Counts = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

    sealed class Series
    {
        public double Value;
        public long Count;
        public long[]? Buckets;
    }

    readonly string _kind = KindOf(instrument);
    readonly bool _accumulates = !instrument.IsObservable;
    readonly double[] _bounds = instrument.Unit == "s" ? Seconds : Counts;
    readonly SortedDictionary<string, Series> _series = new(StringComparer.Ordinal);

    /// <summary>counter, gauge or histogram.</summary>
    public static string KindOf(Instrument instrument)
    {
        var type = instrument.GetType().Name;
        return type.StartsWith("Histogram", StringComparison.Ordinal) ? "histogram"
            : type.StartsWith("Counter", StringComparison.Ordinal) || type.StartsWith("ObservableCounter", StringComparison.Ordinal) ? "counter" : "gauge";
    }

    /// <summary>Takes one measurement; false when it would need a new series and there may be none.</summary>
    public bool Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, bool mayAdd, out bool added)
    {
        var labels = Labels(tags);
        added = false;
        if (!_series.TryGetValue(labels, out var series))
        {
            if (!mayAdd) return false;
            _series[labels] = series = new Series();
            added = true;
        }
        if (_kind == "histogram") Observe(series, value);
        else if (_accumulates && instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal)) series.Value = value;
        else series.Value = _accumulates ? series.Value + value : value;
        return true;
    }

    public void Write(StringBuilder text)
    {
        if (_series.Count == 0) return;
        text.Append("# HELP ").Append(name).Append(' ').Append(Escape(instrument.Description ?? "", quotes: false)).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(_kind).Append('\n');
        foreach (var (labels, series) in _series)
        {
            if (_kind == "histogram") WriteHistogram(text, labels, series);
            else Sample(text, name, labels, series.Value);
        }
    }

    void Observe(Series series, double value)
    {
        series.Buckets ??= new long[_bounds.Length];
        for (var i = 0; i < _bounds.Length; i++)
        {
            if (value <= _bounds[i]) series.Buckets[i]++;
        }
        series.Count++;
        series.Value += value;
    }

    void WriteHistogram(StringBuilder text, string labels, Series series)
    {
        var and = labels.Length == 0 ? "" : labels + ",";
        for (var i = 0; i < _bounds.Length; i++)
            Sample(text, name + "_bucket", $"{and}le=\"{_bounds[i].ToString("R", CultureInfo.InvariantCulture)}\"", series.Buckets![i]);
        Sample(text, name + "_bucket", and + "le=\"+Inf\"", series.Count);
        Sample(text, name + "_sum", labels, series.Value);
        Sample(text, name + "_count", labels, series.Count);
    }

    static void Sample(StringBuilder text, string metric, string labels, double value)
    {
        text.Append(metric);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
    }

    static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length == 0) return "";
        var labels = new List<string>(tags.Length);
        foreach (var (key, value) in tags)
            labels.Add($"{key.Replace('.', '_').Replace('-', '_')}=\"{Escape(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "", quotes: true)}\"");
        labels.Sort(StringComparer.Ordinal);
        return string.Join(',', labels);
    }

    static string Escape(string text, bool quotes)
    {
        var escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }
}
