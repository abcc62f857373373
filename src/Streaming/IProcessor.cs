namespace Streams.Streaming;

/// <summary>
/// One node of a topology for one task, over bytes: called for each record of the task's partition in offset order, from one thread only.
/// All that it writes goes into the task's open transaction.
/// </summary>
public interface IProcessor
{
    /// <summary>Called once, after the task's stores were restored and before the first record.</summary>
    void Init(IProcessorContext context);

    /// <summary>Handles one record. The record's spans are valid during the call only.</summary>
    void Process(in Record record);

    /// <summary>Called right before the task's transaction commits, before the stores are flushed: the place for one summary record per commit.</summary>
    void BeforeCommit()
    {
    }
}

/// <summary>
/// A processor over bytes that wants to see records some time before their turn, to bring near what they will touch: where state is larger than the
/// processor's caches, most of the time is spent waiting for memory.
/// </summary>
public interface ILookAhead
{
    /// <summary>
    /// A record that will be processed soon, as a rule; it may be told of twice, or never. Nothing that can be seen may change, and what is wrong with the
    /// record is said when its turn comes. Spans are valid during the call only.
    /// </summary>
    void LookAhead(long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
}

/// <summary>One node of a topology for one task, over typed records (Kafka Streams' Processor). Called from one thread only.</summary>
public interface IProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut>
{
    /// <summary>Called once, after the task's stores were restored and before the first record.</summary>
    void Init(IProcessorContext<TKeyOut, TValueOut> context);

    void Process(in Record<TKeyIn, TValueIn> record);

    /// <summary>Stream time moved without a record (an idle partition's time marker): what waits for time, such as windows to be closed, may act.</summary>
    void OnStreamTime(long streamTime)
    {
    }

    /// <summary>Called right before the task's transaction commits, before the stores are flushed.</summary>
    void BeforeCommit()
    {
    }

    /// <summary>Called when the task closes, also after errors; nothing can be forwarded any more.</summary>
    void Close()
    {
    }
}
