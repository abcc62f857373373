using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Text;

namespace Streams.Cli.Observability;

/// <summary>All series of one instrument.</summary>
sealed class MetricFamily
{
    static readonly double[] Seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
    static readonly double[] Bytes = [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216];
    static readonly double[] Counts = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000];

    readonly ConcurrentDictionary<LabelSet, Series> _series;
    readonly ConcurrentDictionary<LabelSet, Series>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _byTags;
    readonly SeriesBudget _budget;
    readonly Instrument _instrument;
    readonly SeriesKind _kind;
    readonly double[] _bounds;

    public MetricFamily(Instrument instrument, SeriesBudget budget)
    {
        (_instrument, _budget, _kind) = (instrument, budget, PrometheusName.KindOf(instrument));
        Name = PrometheusName.Of(instrument);
        _bounds = (instrument as Histogram<double>)?.Advice?.HistogramBucketBoundaries?.ToArray() ?? instrument.Unit switch { "s" => Seconds, "By" => Bytes, _ => Counts };
        _series = new(new LabelSet.Comparer());
        _byTags = _series.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
    }

    public string Name { get; }

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, long scrape)
    {
        if (!_byTags.TryGetValue(tags, out var series))
        {
            if (!_budget.Take()) return;
            if (!_byTags.TryAdd(tags, series = Make())) _budget.Return();
            if (!_byTags.TryGetValue(tags, out series)) return;
        }
        if (_instrument.IsObservable) series.SeenAt = scrape;
        series.Record(value, _instrument.IsObservable);
    }

    public void Write(StringBuilder text, long scrape)
    {
        var live = _series.Where(s => !_instrument.IsObservable || s.Value.SeenAt == scrape)
            .Select(s => (Labels: s.Key.Text, Series: s.Value)).OrderBy(s => s.Labels, StringComparer.Ordinal).ToList();
        if (live.Count == 0) return;
        Header(text, Name, _instrument.Description ?? "", _kind);
        foreach (var (labels, series) in live) series.Write(text, Name, labels);
    }

    /// <summary>Gives back what observable instruments no longer report, so that what comes and goes does not use up the budget.</summary>
    public void Forget(long scrape)
    {
        if (!_instrument.IsObservable) return;
        foreach (var (labels, series) in _series)
        {
            if (series.SeenAt < scrape && _series.TryRemove(labels, out _)) _budget.Return();
        }
    }

    public static void Header(StringBuilder text, string name, string help, SeriesKind kind)
    {
        var escaped = help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        text.Append("# HELP ").Append(name).Append(' ').Append(escaped).Append('\n');
        text.Append("# TYPE ").Append(name).Append(' ').Append(kind switch
        {
            SeriesKind.Counter => "counter",
            SeriesKind.Gauge => "gauge",
            _ => "histogram",
        }).Append('\n');
    }

    Series Make() => _kind == SeriesKind.Histogram
        ? new HistogramSeries(_bounds)
        : new ValueSeries(accumulates: !_instrument.GetType().Name.StartsWith("Gauge", StringComparison.Ordinal));
}

/// <summary>How many series there may be in all; what goes beyond is counted, not kept.</summary>
sealed class SeriesBudget(int most)
{
    int _taken;
    long _dropped;

    public long Dropped => Interlocked.Read(ref _dropped);

    public bool Take()
    {
        if (Interlocked.Increment(ref _taken) <= most) return true;
        Interlocked.Decrement(ref _taken);
        Interlocked.Increment(ref _dropped);
        return false;
    }

    public void Return() => Interlocked.Decrement(ref _taken);
}
