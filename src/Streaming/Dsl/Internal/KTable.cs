using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A node of the topology under construction that gives <see cref="Change{TValue}"/>s, seen as a table.</summary>
/// <param name="table">How the table is kept and what it passes on, which the operators after it decide too.</param>
internal sealed partial class KTable<TKey, TValue>(StreamBuilder builder, string node, ISerDes<TKey>? keySerDes, ISerDes<TValue>? valueSerDes, ITableNode<TKey, TValue> table)
    : IKTable<TKey, TValue>
{
    /// <summary>A table whose changes always carry the old value.</summary>
    /// <param name="values">How other processors look values up: in the table's own store, or computed from its parent's.</param>
    /// <param name="storeName">The store that can be queried; null: the table is not kept of its own.</param>
    public KTable(StreamBuilder builder, string node, ISerDes<TKey>? keySerDes, ISerDes<TValue>? valueSerDes, TableValues<TKey, TValue> values, string? storeName)
        : this(builder, node, keySerDes, valueSerDes, new FixedTable<TKey, TValue>(values, storeName))
    {
    }

    public StreamBuilder Builder { get; } = builder;

    public string Node { get; } = node;

    public ISerDes<TKey>? KeySerDes { get; } = keySerDes;

    public ISerDes<TValue>? ValueSerDes { get; } = valueSerDes;

    /// <summary>Asking for the values keeps the table if need be, and makes its changes carry the old value.</summary>
    public TableValues<TKey, TValue> Values
    {
        get
        {
            table.SendOldValues(keepIfNeeded: true);
            return table.Values;
        }
    }

    public string? QueryableStoreName => table.QueryableStoreName;

    /// <summary>Makes the table's changes carry the old value.</summary>
    /// <param name="keepIfNeeded">Keep a table in a store for it that would otherwise not be kept.</param>
    /// <returns>Whether they do now.</returns>
    public bool SendOldValues(bool keepIfNeeded) => table.SendOldValues(keepIfNeeded);

    public ISerDes<TKey> KeySerDesOr(ISerDes<TKey>? given, string forWhat) =>
        given ?? KeySerDes ?? Builder.SerDesOf<TKey>() ?? throw new TopologyException($"\"{forWhat}\" needs a serializer of keys of type {typeof(TKey).Name}");

    public ISerDes<TValue> ValueSerDesOr(ISerDes<TValue>? given, string forWhat) =>
        given ?? ValueSerDes ?? Builder.SerDesOf<TValue>() ?? throw new TopologyException($"\"{forWhat}\" needs a serializer of values of type {typeof(TValue).Name}");
}
