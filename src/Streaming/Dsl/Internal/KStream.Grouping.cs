using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KStream<TKey, TValue>
{
    public IKGroupedStream<TKey, TValue> GroupByKey(Grouped<TKey, TValue>? grouped = null) => new KGroupedStream<TKey, TValue>(this, grouped ?? new());

    public IKGroupedStream<TKey, TValue> GroupByKey<TKeySerDes, TValueSerDes>(string? named = null)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() =>
        GroupByKey(Grouped<TKey, TValue>.Create<TKeySerDes, TValueSerDes>(named));

    public IKGroupedStream<TKeyOut, TValue> GroupBy<TKeyOut>(Func<TKey, TValue, TKeyOut> selector, Grouped<TKeyOut, TValue>? grouped = null)
    {
        ArgumentNullException.ThrowIfNull(selector);
        var name = Builder.NameOf("KSTREAM-KEY-SELECT-", grouped?.Name);
        return Then(name, () => new SelectGroup<TKey, TValue, TKeyOut>(selector), keyChanged: true, grouped?.KeySerDes).GroupByKey(grouped);
    }

    public IKGroupedStream<TKeyOut, TValue> GroupBy<TKeyOut, TKeySerDes>(Func<TKey, TValue, TKeyOut> selector, string? named = null)
        where TKeySerDes : ISerDes<TKeyOut>, new() =>
        GroupBy(selector, new Grouped<TKeyOut, TValue> { Name = named, KeySerDes = new TKeySerDes() });
}

/// <summary>Gives each record the key of its group.</summary>
internal sealed class SelectGroup<TKey, TValue, TKeyOut>(Func<TKey, TValue, TKeyOut> selector) : IProcessor<TKey, TValue, TKeyOut, TValue>
{
    private IProcessorContext<TKeyOut, TValue> context = null!;

    public void Init(IProcessorContext<TKeyOut, TValue> context) => this.context = context;

    public void Process(in Record<TKey, TValue> record)
    {
        if (!record.HasValue && default(TValue) is not null)
            context.Drop("NULL_VALUE", "the record has no value to compute its group from");
        else if (!record.HasKey && default(TKey) is not null)
            context.Drop("NULL_KEY", "the record has no key to compute its group from");
        else
            context.Forward(record.WithKey(selector(record.Key, record.Value)));
    }
}
