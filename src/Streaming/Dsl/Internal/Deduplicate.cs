using System.Buffers;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed class Deduplicate<TKey, TValue, TId>(string storeName, Func<TKey, TValue, TId> id, ISerDes<TId> serDes) : IProcessor<TKey, TValue, TKey, TValue>
{
    private readonly ArrayBufferWriter<byte> buffer = new();
    private IProcessorContext<TKey, TValue> context = null!;
    private IDuplicateFilter filter = null!;

    public void Init(IProcessorContext<TKey, TValue> context) => (this.context, filter) = (context, context.GetStateStore<IDuplicateFilter>(storeName));

    public void Process(in Record<TKey, TValue> record)
    {
        if (!(record.HasKey || default(TKey) is null) || !(record.HasValue || default(TValue) is null) || id(record.Key, record.Value) is not { } present)
        {
            context.Drop("NULL_ID", "the record has no identity");
            return;
        }
        buffer.ResetWrittenCount();
        serDes.Serialize(present, buffer);
        switch (filter.Add(buffer.WrittenSpan, record.Timestamp))
        {
            case DuplicateVerdict.Added:
                context.Forward(in record);
                break;
            case DuplicateVerdict.Duplicate:
                context.Drop("DUPLICATE", "a record of this identity was processed before");
                break;
            default:
                context.Drop("EXPIRED", "the record is older than identities are remembered");
                break;
        }
    }
}
