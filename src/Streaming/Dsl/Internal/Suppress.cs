namespace Streams.Streaming.Dsl.Internal;

/// <summary>Holds a table's updates back until they are due. Its time, that of the records which reach it, is its buffer's.</summary>
/// <param name="due">When an entry is due that is made by an update of this key and time.</param>
internal sealed class Suppress<TKey, TValue>(string storeName, Suppressed suppressed, Func<TKey, long, long> due) : IProcessor<TKey, Change<TValue>, TKey, Change<TValue>>
{
    private readonly long maxRecords = suppressed.Buffer.MaxRecordsHeld ?? long.MaxValue;
    private readonly long maxBytes = suppressed.Buffer.MaxBytesHeld ?? long.MaxValue;

    /// <summary>Where windows are final, nobody downstream knows of one that was deleted before it closed.</summary>
    private readonly bool dropsTombstones = suppressed.Limit is null;
    private IProcessorContext<TKey, Change<TValue>> context = null!;
    private SuppressBuffer<TKey, TValue> buffer = null!;

    public void Init(IProcessorContext<TKey, Change<TValue>> context)
    {
        this.context = context;
        buffer = context.GetStateStore<SuppressBuffer<TKey, TValue>>(storeName);
    }

    public void Process(in Record<TKey, Change<TValue>> record)
    {
        buffer.ObservedStreamTime = record.Timestamp;
        buffer.Put(record.Key, record.Value, record.Timestamp, due);
        EmitDue();
        if (IsOver())
            Relieve();
    }

    public void OnStreamTime(long streamTime)
    {
        buffer.ObservedStreamTime = streamTime;
        EmitDue();
    }

    private void EmitDue()
    {
        while (buffer.NextDue <= buffer.ObservedStreamTime)
            EmitOldest();
    }

    private void Relieve()
    {
        if (suppressed.Buffer is StrictBufferConfig)
        {
            throw new StreamsException(
                $"the buffer \"{storeName}\" of task {context.TaskId} is full: {buffer.Count} of {suppressed.Buffer.MaxRecordsHeld} records, {buffer.Bytes} of {suppressed.Buffer.MaxBytesHeld} bytes");
        }
        while (IsOver())
            EmitOldest();
    }

    private bool IsOver() => buffer.Count > maxRecords || buffer.Bytes > maxBytes;

    private void EmitOldest()
    {
        var (key, change, timestamp) = buffer.TakeOldest();
        if (change.HasNew || !dropsTombstones)
            context.Forward(new Record<TKey, Change<TValue>>(key, change, timestamp));
    }
}

/// <summary>A suppressed table's values: where an update is held back, what was there before it.</summary>
internal sealed class SuppressedValues<TKey, TValue>(SuppressBuffer<TKey, TValue> buffer, ITableValueGetter<TKey, TValue> parent) : ITableValueGetter<TKey, TValue>
{
    public bool TryGet(TKey key, out TValue value, out long timestamp)
    {
        if (!buffer.TryGetPrior(key, out var had, out value, out timestamp))
            return parent.TryGet(key, out value, out timestamp);
        return had;
    }
}
