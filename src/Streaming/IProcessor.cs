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
