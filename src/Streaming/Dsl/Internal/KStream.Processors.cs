using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KStream<TKey, TValue>
{
    public IKStream<TKeyOut, TValueOut> Process<TKeyOut, TValueOut>(Func<IProcessor<TKey, TValue, TKeyOut, TValueOut>> supplier, string? named = null, params string[] storeNames) =>
        Connected("KSTREAM-PROCESSOR-", named, supplier, storeNames, keyChanged: true);

    public IKStream<TKey, TValueOut> ProcessValues<TValueOut>(Func<IProcessor<TKey, TValue, TKey, TValueOut>> supplier, string? named = null, params string[] storeNames)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        return Connected("KSTREAM-PROCESSVALUES-", named, () => new KeepKey<TKey, TValue, TValueOut>(supplier()), storeNames, keyChanged: false);
    }

    public IKStream<TKeyOut, TValueOut> Transform<TKeyOut, TValueOut>(
        Func<ITransformer<TKey, TValue, TKeyOut, TValueOut>> supplier, string? named = null, params string[] storeNames)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        return Connected("KSTREAM-TRANSFORM-", named, () => new Transforming<TKey, TValue, TKeyOut, TValueOut>(supplier()), storeNames, keyChanged: true);
    }

    public IKStream<TKey, TValueOut> TransformValues<TValueOut>(Func<ITransformer<TKey, TValue, TKey, TValueOut>> supplier, string? named = null, params string[] storeNames)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        return Connected(
            "KSTREAM-TRANSFORMVALUES-",
            named,
            () => new KeepKey<TKey, TValue, TValueOut>(new Transforming<TKey, TValue, TKey, TValueOut>(supplier())),
            storeNames,
            keyChanged: false);
    }

    public IKStream<TKey, TValue> DropDuplicates<TId>(Func<TKey, TValue, TId> id, TimeSpan ttl, string named, ISerDes<TId>? idSerDes = null)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentException.ThrowIfNullOrWhiteSpace(named);
        var serDes = idSerDes ?? Builder.SerDesOf<TId>() ?? throw new TopologyException($"\"{named}\" needs a serializer of identities of type {typeof(TId).Name}");
        var store = $"{named}-store";
        Builder.AddStateStore(Stores.DuplicateFilter(store, ttl));
        return Connected("KSTREAM-DEDUPLICATE-", named, () => new Deduplicate<TKey, TValue, TId>(store, id, serDes), [store], keyChanged: false);
    }

    public IKTable<TKey, TValue> ToTable(Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized = null, string? named = null)
    {
        var name = Builder.NameOf("KSTREAM-TOTABLE-", named);
        Builder.BurnStoreName(materialized);
        var stream = Partitioned(named, materialized?.KeySerdes, materialized?.ValueSerdes);
        return SourceTable<TKey, TValue>.Add(
            Builder, name, stream.Node, stream.KeySerDesOr(materialized?.KeySerdes, name), stream.ValueSerDesOr(materialized?.ValueSerdes, name), materialized);
    }

    private KStream<TKeyOut, TValueOut> Connected<TKeyOut, TValueOut>(
        string prefix, string? named, Func<IProcessor<TKey, TValue, TKeyOut, TValueOut>> supplier, string[] storeNames, bool keyChanged)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        var name = Builder.NameOf(prefix, named);
        var stream = Then(name, supplier, keyChanged);
        Builder.Topology.ConnectProcessorAndStateStores(name, storeNames);
        return stream;
    }
}
