using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A table of a topic or a stream. Kept in a store if the store is named; without a name it is an error if a later operator needs it to be.</summary>
internal sealed class SourceTable<TKey, TValue>(StreamBuilder builder, string node, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, bool cached) : ITableNode<TKey, TValue>
{
    /// <summary>Null: not kept.</summary>
    public string? StoreName { get; private set; }

    public bool SendsOldValues { get; private set; }

    public bool Cached { get; } = cached;

    public ISerDes<TKey> KeySerDes { get; } = keySerDes;

    public string? QueryableStoreName => StoreName;

    public TableValues<TKey, TValue> Values => KeptValues<TKey, TValue>.In(Kept());

    public static KTable<TKey, TValue> Add(
        StreamBuilder builder, string node, string parent, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized)
    {
        var table = new SourceTable<TKey, TValue>(builder, node, keySerDes, valueSerDes, materialized?.CachingEnabled ?? false);
        builder.Topology.AddProcessor(node, () => new TableSource<TKey, TValue>(table), parent);
        if (materialized?.StoreName is { } name)
            table.KeepIn(materialized, name);
        return new KTable<TKey, TValue>(builder, node, keySerDes, valueSerDes, table);
    }

    public bool SendOldValues(bool keepIfNeeded)
    {
        if (keepIfNeeded)
            Kept();
        return SendsOldValues = StoreName is not null;
    }

    private string Kept() =>
        StoreName ?? throw new TopologyException($"table \"{node}\" must be kept for what follows it: name its store (InMemory.As, Materialized.As), for its changelog topic is called after it");

    private void KeepIn(Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string name)
    {
        StoreName = name;
        builder.Topology.AddStateStore(materialized.TimestampedKeyValueStore(name, KeySerDes, valueSerDes), node);
    }
}

/// <summary>Takes a topic's records as updates of a table. Records out of order are taken as they come, as in Kafka Streams.</summary>
internal sealed class TableSource<TKey, TValue>(SourceTable<TKey, TValue> table) : IProcessor<TKey, TValue, TKey, Change<TValue>>
{
    private IProcessorContext<TKey, Change<TValue>> context = null!;
    private KeptTable<TKey, TValue>? kept;

    public void Init(IProcessorContext<TKey, Change<TValue>> context)
    {
        this.context = context;
        if (table.StoreName is { } store)
            kept = new KeptTable<TKey, TValue>(context, store, table.SendsOldValues, table.Cached ? table.KeySerDes : null);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (!record.HasKey)
            context.Drop("NULL_KEY", "the record has no key to keep it under");
        else if (kept is null)
            context.Forward(record.WithValue(new Change<TValue>(record.Value, record.HasValue, default, false)));
        else
            kept.Update(in record);
    }

    public void BeforeCommit() => kept?.PassOn();
}
