using System.Text;
using Streams.Streaming;

namespace Streams.Aggregators.Summaries;

/// <summary>The journals of a partition that are being gathered, and where each series stands. Changelog: the group, and <see cref="OpenSummary.ToBytes"/>.</summary>
sealed class SummaryStore : IStateStore
{
    public const string Store = "summaries";

    readonly SortedDictionary<string, OpenSummary> _groups = new(StringComparer.Ordinal);
    readonly SortedSet<string> _dirty = new(StringComparer.Ordinal);

    public string Name => Store;

    /// <summary>Those that hold documents, in the order of their groups.</summary>
    public IEnumerable<OpenSummary> Open => _groups.Values.Where(s => s.Documents > 0);

    /// <summary>The group's, to be changed.</summary>
    public OpenSummary Touch(SummaryGroup group)
    {
        var key = group.ToString();
        _dirty.Add(key);
        return _groups.TryGetValue(key, out var summary) ? summary : _groups[key] = new(group, revision: 1);
    }

    public void Flush(IChangelog changelog)
    {
        foreach (var key in _dirty) changelog.Put(Encoding.UTF8.GetBytes(key), _groups[key].ToBytes());
        _dirty.Clear();
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        var text = Encoding.UTF8.GetString(key);
        if (deleted) _groups.Remove(text);
        else _groups[text] = OpenSummary.FromBytes(SummaryGroup.Parse(text), value);
    }
}
