using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Records that cannot be handled. A half-processed record may have written, so its transaction is given up; the second time the record is left out or
/// goes to the dead letters, alone. Where the broker refuses an output, which shows at the commit only, the records of that transaction are processed again
/// one by one until the one that is refused is found.
/// </summary>
internal sealed class FailedRecords(ThreadContext thread)
{
    private readonly Dictionary<TopicPartitionOffset, Failure> known = [];
    private readonly Dictionary<TopicPartition, long> suspects = [];

    /// <summary>Nothing has to be asked for a record.</summary>
    public bool None => known.Count == 0 && suspects.Count == 0;

    /// <summary>An output was refused for what it is, not for what the broker or the network is at the moment.</summary>
    public static bool IsRefusal(Exception e) =>
        e is BrokenTransactionException { InnerException: KafkaException { Error.Code: ErrorCode.MsgSizeTooLarge or ErrorCode.RecordListTooLarge or ErrorCode.InvalidRecord } };

    /// <summary>Whether the record must be committed alone.</summary>
    public bool IsSuspect(InputPartition input, long offset) => suspects.TryGetValue(input.Partition, out var end) && offset < end;

    /// <summary>The transaction of these tasks held an output that the broker refuses.</summary>
    public void Suspect(IEnumerable<ActiveTask> running)
    {
        foreach (var input in running.SelectMany(t => t.Inputs).Where(i => i.Position > i.Committed))
            suspects[input.Partition] = Math.Max(input.Position, suspects.GetValueOrDefault(input.Partition));
    }

    /// <summary>Leaves the record out, or sends it to the dead letters, when it has failed before.</summary>
    public bool SetAside(InputPartition input, in Record record)
    {
        if (!known.TryGetValue(new TopicPartitionOffset(input.Partition, record.Offset), out var failure))
            return false;
        SetAside(input, in record, failure);
        return true;
    }

    /// <summary>Asks the handler of the failure's kind; the record is dealt with at once where it cannot have written yet, else the transaction is given up.</summary>
    /// <exception cref="StreamsException">The handler says that this is the end.</exception>
    public void Add(InputPartition input, in Record record, Exception cause)
    {
        thread.Logger.ProcessingFailed(thread.Name, input.Topic, record.Partition, record.Offset, cause);
        var failure = Judge(input, in record, cause);
        if (failure.Response == ExceptionHandlerResponse.Fail || known.ContainsKey(new TopicPartitionOffset(input.Partition, record.Offset)))
            throw new StreamsException($"{failure.Stage} failed at {input.Topic}[{record.Partition}]@{record.Offset}: {cause.Message}", cause);
        if (cause is DeserializationException)
        {
            SetAside(input, in record, failure);
            input.Position = record.Offset + 1;
            return;
        }
        known[new TopicPartitionOffset(input.Partition, record.Offset)] = failure;
        thread.Break(new StreamsException($"{failure.Stage} failed at {input.Topic}[{record.Partition}]@{record.Offset}: {cause.Message}", cause));
    }

    /// <summary>What was committed will not come again.</summary>
    public void ForgetCommitted(IReadOnlyList<ActiveTask> tasks)
    {
        if (None)
            return;
        foreach (var input in tasks.SelectMany(t => t.Inputs))
        {
            foreach (var record in known.Keys.Where(k => k.TopicPartition == input.Partition && k.Offset.Value < input.Committed).ToList())
                known.Remove(record);
            if (suspects.TryGetValue(input.Partition, out var end) && end <= input.Committed)
                suspects.Remove(input.Partition);
        }
    }

    private static byte[]? Copy(bool present, ReadOnlySpan<byte> bytes) => present ? bytes.ToArray() : null;

    private Failure Judge(InputPartition input, in Record record, Exception cause)
    {
        var config = thread.Config;
        var context = new ErrorHandlerContext(
            input.Owner.Task.Name, input.Topic, record.Partition, record.Offset, record.Timestamp, Copy(record.HasKey, record.Key), Copy(record.HasValue, record.Value));
        var byDefault = config.DeadLetterTopic is null ? ExceptionHandlerResponse.Fail : ExceptionHandlerResponse.DeadLetter;
        return cause switch
        {
            DeserializationException e => new("DESERIALIZATION_FAILED", "deserialization", config.DeserializationExceptionHandler?.Handle(context, e) ?? byDefault, e),
            BrokenTransactionException e => new("PRODUCTION_FAILED", "production", config.ProductionExceptionHandler?.Handle(context, e.InnerException!) ?? byDefault, e.InnerException!),
            _ => new("PROCESSING_FAILED", "processing", config.ProcessingExceptionHandler?.Handle(context, cause) ?? byDefault, cause),
        };
    }

    private void SetAside(InputPartition input, in Record record, Failure failure)
    {
        if (failure.Response == ExceptionHandlerResponse.Continue)
        {
            Telemetry.Dropped.Add(1, new KeyValuePair<string, object?>("reason", failure.Code));
            return;
        }
        var topic = thread.Config.DeadLetterTopic ?? StreamTask.DefaultDeadLetterTopic(thread.Config.ApplicationId);
        try
        {
            input.Owner.Task.SetAside(topic, in record, failure.Code, failure.Stage, failure.Cause.Message, failure.Cause);
        }
        catch (BrokenTransactionException e) when (IsRefusal(e))
        {
            throw new StreamsException($"the dead letter of {input.Topic}[{record.Partition}]@{record.Offset} cannot be written: {e.Message}", e);
        }
    }

    private readonly record struct Failure(string Code, string Stage, ExceptionHandlerResponse Response, Exception Cause);
}
