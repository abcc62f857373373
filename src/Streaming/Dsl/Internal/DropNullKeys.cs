namespace Streams.Streaming.Dsl.Internal;

/// <summary>Before a repartition topic: a record without a key belongs nowhere.</summary>
internal sealed class DropNullKeys<TKey, TValue> : IProcessor<TKey, TValue, TKey, TValue>
{
    private IProcessorContext<TKey, TValue> context = null!;

    public void Init(IProcessorContext<TKey, TValue> context) => this.context = context;

    public void Process(in Record<TKey, TValue> record)
    {
        if (record.HasKey)
            context.Forward(in record);
        else
            context.Drop("NULL_KEY", "the record has no key to partition it by");
    }
}
