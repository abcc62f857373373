namespace Streams.Streaming;

/// <summary>
/// One node of a topology for one task (Kafka Streams' Processor): called for each record of the task's partition in offset order, from one thread only.
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
