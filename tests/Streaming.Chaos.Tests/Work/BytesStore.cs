using System.Text;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>Bytes by bytes.</summary>
internal class BytesStore(string name, bool forgetful) : IStateStore
{
    private readonly SortedDictionary<string, byte[]> entries = new(StringComparer.Ordinal);
    private readonly SortedSet<string> dirty = new(StringComparer.Ordinal);

    public string Name => name;

    public ReadOnlySpan<byte> Get(ReadOnlySpan<byte> key) => entries.TryGetValue(Text(key), out var value) ? value : default;

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        entries[Text(key)] = value.ToArray();
        dirty.Add(Text(key));
    }

    public void Delete(ReadOnlySpan<byte> key)
    {
        entries.Remove(Text(key));
        dirty.Add(Text(key));
    }

    public virtual void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (forgetful) return;
        if (deleted) entries.Remove(Text(key));
        else entries[Text(key)] = value.ToArray();
    }

    public void Flush(IChangelog changelog)
    {
        foreach (var key in dirty)
        {
            if (entries.TryGetValue(key, out var value)) changelog.Put(Encoding.Latin1.GetBytes(key), value);
            else changelog.Delete(Encoding.Latin1.GetBytes(key));
        }
        dirty.Clear();
    }

    private static string Text(ReadOnlySpan<byte> key) => Encoding.Latin1.GetString(key);
}
