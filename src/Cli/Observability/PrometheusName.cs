using System.Diagnostics.Metrics;
using System.Text;

namespace Streams.Cli.Observability;

/// <summary>An instrument's name in Prometheus' terms, by OpenTelemetry's rules for the translation: dots to underscores, the unit as a suffix, <c>_total</c> on counters.</summary>
public static class PrometheusName
{
    public static string Of(Instrument instrument)
    {
        var name = WithSuffix(Sanitize(instrument.Name), Suffix(instrument));
        return KindOf(instrument) == SeriesKind.Counter ? WithSuffix(name, "total") : name;
    }

    /// <summary>Counters only grow; up-down counters are gauges to Prometheus.</summary>
    public static SeriesKind KindOf(Instrument instrument)
    {
        var type = instrument.GetType().IsGenericType ? instrument.GetType().GetGenericTypeDefinition() : null;
        if (type == typeof(Counter<>) || type == typeof(ObservableCounter<>)) return SeriesKind.Counter;
        return type == typeof(Histogram<>) ? SeriesKind.Histogram : SeriesKind.Gauge;
    }

    /// <summary>A metric or label name: what Prometheus does not allow becomes an underscore.</summary>
    public static string Sanitize(string name)
    {
        var text = new StringBuilder(name.Length + 1);
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) text.Append('_');
        foreach (var c in name) text.Append(char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '_');
        return text.ToString();
    }

    static string WithSuffix(string name, string suffix) =>
        suffix.Length == 0 || name.EndsWith("_" + suffix, StringComparison.Ordinal) ? name : $"{name}_{suffix}";

    static string Suffix(Instrument instrument) => instrument.Unit switch
    {
        null or "" => "",
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        "%" => "percent",
        "1" => KindOf(instrument) == SeriesKind.Gauge ? "ratio" : "",
        var unit when unit.StartsWith('{') => "",
        var unit => Sanitize(unit),
    };
}

public enum SeriesKind
{
    Counter,
    Gauge,
    Histogram,
}
