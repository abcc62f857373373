using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KTable<TKey, TValue>
{
    public IKTable<TKey, TValue> Suppress(Suppressed suppressed, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(suppressed);
        // Alone among Kafka Streams' operators, a named suppression uses up no number.
        var name = named ?? suppressed.Name
            ?? throw new TopologyException($"the suppression behind \"{Node}\" must be named, for its buffer's changelog is called after it (Suppressed.WithName)");
        var keys = KeySerDes ?? throw new TopologyException($"\"{name}\" needs a serializer of keys of type {typeof(TKey).Name}");
        var values = ValueSerDes ?? throw new TopologyException($"\"{name}\" needs a serializer of values of type {typeof(TValue).Name}");
        var due = DueTime(name, suppressed);
        var store = $"{name}-store";
        Builder.Topology.AddProcessor(name, () => new Suppress<TKey, TValue>(store, suppressed, due), Node);
        Builder.Topology.AddStateStore(new StoreBuilder<SuppressBuffer<TKey, TValue>>(store, () => new SuppressBuffer<TKey, TValue>(store, keys, values, suppressed.Buffer.MaxBytesHeld is not null)), name);
        Builder.Topology.UsesStreamTime(name, suppressed.Limit is { } limit ? WindowTime.Ms(limit) : 0);
        var suppressedValues = new TableValues<TKey, TValue>(
            [store, .. Values.Stores], context => new SuppressedValues<TKey, TValue>(context.GetStateStore<SuppressBuffer<TKey, TValue>>(store), Values.Getter(context)));
        return new KTable<TKey, TValue>(Builder, name, keys, values, suppressedValues, null);
    }

    private Func<TKey, long, long> DueTime(string name, Suppressed suppressed)
    {
        if (suppressed.Limit is { } limit)
        {
            var limitMs = WindowTime.Ms(limit);
            return (_, time) => time + limitMs;
        }
        var windows = Builder.WindowsAbove(Node);
        if (windows is null || WindowOf.Of<TKey>() is not { } windowOf)
            throw new TopologyException($"\"{name}\" waits for windows to close, but the table's keys come from no windowed aggregate");
        return (key, _) => windows.ClosesAt(windowOf(key));
    }
}

/// <summary>Reads the window of a key whose type is known to be windowed at run time only.</summary>
internal static class WindowOf
{
    /// <summary>Null: the type is not <see cref="Windowed{TKey}"/>.</summary>
    public static Func<TKey, Window>? Of<TKey>()
    {
        if (!typeof(TKey).IsGenericType || typeof(TKey).GetGenericTypeDefinition() != typeof(Windowed<>))
            return null;
        return typeof(TKey).GetProperty(nameof(Windowed<>.Window))!.GetMethod!.CreateDelegate<WindowGetter<TKey>>() is var get ? key => get(ref key) : null;
    }

    /// <summary>An instance method of a struct, as a delegate.</summary>
    private delegate Window WindowGetter<TKey>(ref TKey key);
}
