using System.Globalization;
using System.Text;

namespace Streams.Cli.Observability;

/// <summary>The labels of one series, sorted by name.</summary>
sealed class LabelSet
{
    readonly KeyValuePair<string, string>[] _labels;

    LabelSet(KeyValuePair<string, string>[] labels) => _labels = labels;

    /// <summary>As in the text format, without braces: <c>a="1",b="2"</c>; empty without labels.</summary>
    public string Text => string.Join(',', _labels.Select(l => $"{PrometheusName.Sanitize(l.Key)}=\"{Escape(l.Value)}\""));

    static LabelSet From(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new KeyValuePair<string, string>[tags.Length];
        for (var i = 0; i < tags.Length; i++) labels[i] = new(tags[i].Key, TextOf(tags[i].Value));
        Array.Sort(labels, (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return new(labels);
    }

    static string TextOf(object? value) => value as string ?? Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";

    static string Escape(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            if (c == '\n') text.Append("\\n");
            else if (c is '\\' or '"') text.Append('\\').Append(c);
            else text.Append(c);
        }
        return text.ToString();
    }

    /// <summary>Finds a series by the tags of a measurement, in whatever order they come, without allocating.</summary>
    public sealed class Comparer : IEqualityComparer<LabelSet>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, LabelSet>
    {
        public LabelSet Create(ReadOnlySpan<KeyValuePair<string, object?>> tags) => From(tags);

        public bool Equals(LabelSet? a, LabelSet? b) => a is null ? b is null : b is not null && a._labels.AsSpan().SequenceEqual(b._labels);

        public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> tags, LabelSet other)
        {
            if (tags.Length != other._labels.Length) return false;
            foreach (var tag in tags)
            {
                if (!Holds(other, tag)) return false;
            }
            return true;
        }

        public int GetHashCode(LabelSet set)
        {
            var hash = 0;
            foreach (var (name, value) in set._labels) hash = unchecked(hash + HashCode.Combine(name, value));
            return hash;
        }

        public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var hash = 0;
            foreach (var (name, value) in tags) hash = unchecked(hash + HashCode.Combine(name, TextOf(value)));
            return hash;
        }

        static bool Holds(LabelSet set, KeyValuePair<string, object?> tag)
        {
            foreach (var (name, value) in set._labels)
            {
                if (name == tag.Key) return value == TextOf(tag.Value);
            }
            return false;
        }
    }
}
