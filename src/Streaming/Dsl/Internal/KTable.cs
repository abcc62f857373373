using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A node of the topology under construction that gives <see cref="Change{TValue}"/>s, seen as a table.</summary>
/// <param name="values">How other processors look values up: in the table's own store, or computed from its parent's.</param>
/// <param name="storeName">The store that can be queried; null: the table is not kept of its own.</param>
internal sealed partial class KTable<TKey, TValue>(
    StreamBuilder builder, string node, ISerDes<TKey>? keySerDes, ISerDes<TValue>? valueSerDes, TableValues<TKey, TValue> values, string? storeName) : IKTable<TKey, TValue>
{
    public StreamBuilder Builder { get; } = builder;

    public string Node { get; } = node;

    public ISerDes<TKey>? KeySerDes { get; } = keySerDes;

    public ISerDes<TValue>? ValueSerDes { get; } = valueSerDes;

    public TableValues<TKey, TValue> Values { get; } = values;

    public string? QueryableStoreName { get; } = storeName;
}
