using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace Streams.Streaming.Tests;

/// <summary>
/// Counts and sums by key: a verifying topology. Each record yields "(key, sequence of the key, offset)", so a record processed twice
/// or state out of step with the offsets shows in the output. A value of "poison" throws after it has written.
/// </summary>
internal sealed class CountingProcessor(string sink = "sink", string deadLetters = "dead") : IProcessor
{
    private CountStore store = null!;
    private IProcessorContext context = null!;

    public void Init(IProcessorContext context)
    {
        this.context = context;
        store = context.GetStateStore<CountStore>("counts");
    }

    public void Process(in Record record)
    {
        if (!record.HasKey)
        {
            context.SetAside(deadLetters, in record, "KEY_MISSING", "validation", "the record has no key");
            return;
        }
        var count = store.Increment(Encoding.UTF8.GetString(record.Key));
        Span<byte> value = stackalloc byte[20];
        BinaryPrimitives.WriteInt64BigEndian(value, count);
        BinaryPrimitives.WriteInt32BigEndian(value[8..], record.Partition);
        BinaryPrimitives.WriteInt64BigEndian(value[12..], record.Offset);
        context.Forward(sink, record.Key, value, record.Timestamp);
        if (record.Value.SequenceEqual("poison"u8))
            throw new FormatException("the value is poison");
    }

    public static Topology Topology(string input, string output, string deadLetters = "dead", Func<IStateStore>? store = null) => new Topology()
        .AddSource("source", input)
        .AddProcessor("count", () => new CountingProcessor("sink", deadLetters), "source")
        .AddSink("sink", output, "count")
        .AddStateStore(store ?? (() => new CountStore()), "counts", "count");
}

internal sealed class CountStore : IStateStore
{
    private readonly SortedDictionary<string, long> counts = new(StringComparer.Ordinal);
    private readonly SortedSet<string> dirty = new(StringComparer.Ordinal);
    private readonly ManualResetEventSlim pause = new();
    private readonly Stopwatch restoring = new();
    private int restored;

    public string Name => "counts";

    /// <summary>How long it takes to restore a record. A busy machine does not add to it: what was late is made up for.</summary>
    public TimeSpan EachRestore { get; init; }

    public IReadOnlyDictionary<string, long> Counts => counts;

    public long Increment(string key)
    {
        dirty.Add(key);
        return counts[key] = counts.GetValueOrDefault(key) + 1;
    }

    public void Remove(string key)
    {
        counts.Remove(key);
        dirty.Add(key);
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        restoring.Start();
        if (EachRestore * ++restored - restoring.Elapsed is var wait && wait > TimeSpan.Zero)
            pause.Wait(wait);
        if (deleted)
            counts.Remove(Encoding.UTF8.GetString(key));
        else
            counts[Encoding.UTF8.GetString(key)] = BinaryPrimitives.ReadInt64BigEndian(value);
    }

    public void Flush(IChangelog changelog)
    {
        Span<byte> value = stackalloc byte[8];
        foreach (var key in dirty)
        {
            var name = Encoding.UTF8.GetBytes(key);
            if (!counts.TryGetValue(key, out var count))
            {
                changelog.Delete(name);
                continue;
            }
            BinaryPrimitives.WriteInt64BigEndian(value, count);
            changelog.Put(name, value);
        }
        dirty.Clear();
    }
}
