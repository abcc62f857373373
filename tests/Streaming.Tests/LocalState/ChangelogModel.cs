using System.Text;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>One changelog partition as a broker has it: numbered records, control records and aborted ones among them.</summary>
internal sealed class ChangelogModel
{
    private readonly List<(string Key, string? Value)?> records = [];

    /// <summary>The first offset that is still there.</summary>
    public long Start { get; set; }

    public long End => records.Count;

    public void Committed(string key, string? value) => records.Add((key, value));

    /// <summary>A control record, or one of an aborted transaction: it takes an offset and nobody sees it.</summary>
    public void Invisible() => records.Add(null);

    public IEnumerable<(long Offset, string Key, string? Value)> From(long position) =>
        records.Select((r, i) => (Offset: (long)i, Record: r)).Skip((int)position).Where(r => r.Record is not null)
            .Select(r => (r.Offset, r.Record!.Value.Key, r.Record.Value.Value));

    /// <summary>What a store holds after the records below an offset.</summary>
    public SortedDictionary<string, string> StateAt(long end)
    {
        var state = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (_, key, value) in From(0).TakeWhile(r => r.Offset < end))
        {
            if (value is null)
                state.Remove(key);
            else
                state[key] = value;
        }
        return state;
    }
}

/// <summary>A store that keeps what it is given.</summary>
internal sealed class PlainStore(string name) : IStateStore
{
    public string Name => name;

    public SortedDictionary<string, string> Content { get; } = new(StringComparer.Ordinal);

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (deleted)
            Content.Remove(Encoding.UTF8.GetString(key));
        else
            Content[Encoding.UTF8.GetString(key)] = Encoding.UTF8.GetString(value);
    }

    public void Flush(IChangelog changelog)
    {
    }
}
