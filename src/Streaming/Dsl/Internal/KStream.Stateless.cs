using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KStream<TKey, TValue>
{
    public IKStream<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return Then(Builder.NameOf("KSTREAM-FILTER-", named), () => new Filter<TKey, TValue>(predicate), keyChanged: false);
    }

    public void To(string topic, ISerDes<TKey>? keySerDes = null, ISerDes<TValue>? valueSerDes = null, StreamPartitioner<TKey, TValue>? partitioner = null, string? named = null)
    {
        var name = Builder.NameOf("KSTREAM-SINK-", named);
        Builder.Topology.AddSink(name, topic, KeySerDesOr(keySerDes, name), ValueSerDesOr(valueSerDes, name), partitioner, Node);
    }
}

internal sealed class Filter<TKey, TValue>(Func<TKey, TValue, bool> predicate) : IProcessor<TKey, TValue, TKey, TValue>
{
    private IProcessorContext<TKey, TValue> context = null!;

    public void Init(IProcessorContext<TKey, TValue> context) => this.context = context;

    public void Process(in Record<TKey, TValue> record)
    {
        if (predicate(record.Key, record.Value))
            context.Forward(in record);
    }
}
