using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A node of the topology under construction, seen as a stream.</summary>
/// <param name="keyChanged">The key may have changed since the records were partitioned by it: what needs equal keys together repartitions first.</param>
internal sealed partial class KStream<TKey, TValue>(StreamBuilder builder, string node, ISerDes<TKey>? keySerDes, ISerDes<TValue>? valueSerDes, bool keyChanged = false) : IKStream<TKey, TValue>
{
    public StreamBuilder Builder { get; } = builder;

    /// <summary>The processor or source that gives the records.</summary>
    public string Node { get; } = node;

    public ISerDes<TKey>? KeySerDes { get; } = keySerDes;

    public ISerDes<TValue>? ValueSerDes { get; } = valueSerDes;

    public bool KeyChanged { get; } = keyChanged;

    public ISerDes<TKey> KeySerDesOr(ISerDes<TKey>? given, string forWhat) =>
        given ?? KeySerDes ?? Builder.SerDesOf<TKey>() ?? throw new TopologyException($"\"{forWhat}\" needs a serializer of keys of type {typeof(TKey).Name}");

    public ISerDes<TValue> ValueSerDesOr(ISerDes<TValue>? given, string forWhat) =>
        given ?? ValueSerDes ?? Builder.SerDesOf<TValue>() ?? throw new TopologyException($"\"{forWhat}\" needs a serializer of values of type {typeof(TValue).Name}");

    /// <summary>The stream partitioned by its present key: itself, or through an internal topic named after the operator that asks.</summary>
    /// <param name="nullKeys">Whether records without a key come through.</param>
    public KStream<TKey, TValue> Partitioned(string? name, ISerDes<TKey>? keySerDes = null, ISerDes<TValue>? valueSerDes = null, bool nullKeys = false) =>
        KeyChanged ? Builder.Repartition(this, name, keySerDes, valueSerDes, nullKeys: nullKeys) : this;

    /// <summary>Adds a processor behind this node. Serializers stay where the type does, unless others are given.</summary>
    public KStream<TKeyOut, TValueOut> Then<TKeyOut, TValueOut>(
        string name,
        Func<IProcessor<TKey, TValue, TKeyOut, TValueOut>> supplier,
        bool keyChanged,
        ISerDes<TKeyOut>? keySerDes = null,
        ISerDes<TValueOut>? valueSerDes = null)
    {
        Builder.Topology.AddProcessor(name, supplier, Node);
        return new KStream<TKeyOut, TValueOut>(
            Builder, name, keySerDes ?? KeySerDes as ISerDes<TKeyOut>, valueSerDes ?? ValueSerDes as ISerDes<TValueOut>, KeyChanged || keyChanged);
    }
}
