using System.Globalization;
using System.Text;

namespace Streams.Cli.Observability;

/// <summary>One line, or for a histogram one group of lines, of the exposition.</summary>
abstract class Series
{
    /// <summary>The scrape that an observable instrument last reported this series in.</summary>
    public long SeenAt { get; set; }

    /// <summary>Takes a change, or for observable instruments the value itself.</summary>
    public abstract void Record(double value, bool absolute);

    public abstract void Write(StringBuilder text, string name, string labels);

    protected static void Line(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    protected static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}

/// <summary>A counter's or gauge's value.</summary>
sealed class ValueSeries(bool accumulates) : Series
{
    double _value;

    public override void Record(double value, bool absolute)
    {
        if (absolute || !accumulates)
        {
            Volatile.Write(ref _value, value);
            return;
        }
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var found = Interlocked.CompareExchange(ref _value, seen + value, seen);
            if (found.Equals(seen)) return;
            seen = found;
        }
    }

    public override void Write(StringBuilder text, string name, string labels) => Line(text, name, labels, Volatile.Read(ref _value));
}

/// <summary>A histogram with cumulative buckets.</summary>
sealed class HistogramSeries(IReadOnlyList<double> bounds) : Series
{
    readonly Lock _lock = new();
    readonly long[] _counts = new long[bounds.Count + 1];
    double _sum;

    public override void Record(double value, bool absolute)
    {
        var bucket = 0;
        while (bucket < bounds.Count && !(value <= bounds[bucket])) bucket++;
        lock (_lock)
        {
            _counts[bucket]++;
            _sum += value;
        }
    }

    public override void Write(StringBuilder text, string name, string labels)
    {
        long[] counts;
        double sum;
        lock (_lock) (counts, sum) = ((long[])_counts.Clone(), _sum);
        var separator = labels.Length > 0 ? "," : "";
        long total = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            Line(text, name + "_bucket", $"{labels}{separator}le=\"{Number(i < bounds.Count ? bounds[i] : double.PositiveInfinity)}\"", total);
        }
        Line(text, name + "_sum", labels, sum);
        Line(text, name + "_count", labels, total);
    }
}
