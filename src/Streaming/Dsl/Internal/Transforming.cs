namespace Streams.Streaming.Dsl.Internal;

internal sealed class Transforming<TKey, TValue, TKeyOut, TValueOut>(ITransformer<TKey, TValue, TKeyOut, TValueOut> transformer) : IProcessor<TKey, TValue, TKeyOut, TValueOut>
{
    private IProcessorContext<TKeyOut, TValueOut> context = null!;

    public void Init(IProcessorContext<TKeyOut, TValueOut> context)
    {
        this.context = context;
        transformer.Init(context);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (transformer.Process(in record) is { } result)
            context.Forward(in result);
    }

    public void Close() => transformer.Close();
}

/// <summary>Lets a processor change nothing of the key, so that the records stay where they are partitioned.</summary>
internal sealed class KeepKey<TKey, TValue, TValueOut>(IProcessor<TKey, TValue, TKey, TValueOut> processor) : IProcessor<TKey, TValue, TKey, TValueOut>
{
    private KeepKeyContext<TKey, TValueOut> context = null!;

    public void Init(IProcessorContext<TKey, TValueOut> context) => processor.Init(this.context = new(context));

    public void Process(in Record<TKey, TValue> record)
    {
        context.Enter(record.Key, record.HasKey);
        try
        {
            processor.Process(in record);
        }
        finally
        {
            context.Leave();
        }
    }

    public void OnStreamTime(long streamTime) => processor.OnStreamTime(streamTime);

    public void BeforeCommit() => processor.BeforeCommit();

    public void Close() => processor.Close();
}

internal sealed class KeepKeyContext<TKey, TValueOut>(IProcessorContext<TKey, TValueOut> inner) : IProcessorContext<TKey, TValueOut>
{
    private TKey key = default!;
    private bool hasKey;
    private bool processing;

    public string ApplicationId => inner.ApplicationId;

    public string TaskId => inner.TaskId;

    public int Partition => inner.Partition;

    public RecordMetadata? RecordMetadata => inner.RecordMetadata;

    public long CurrentStreamTimeMs => inner.CurrentStreamTimeMs;

    public long CurrentSystemTimeMs => inner.CurrentSystemTimeMs;

    public void Enter(TKey key, bool hasKey) => (this.key, this.hasKey, processing) = (key, hasKey, true);

    public void Leave() => (key, processing) = (default!, false);

    public void Forward(in Record<TKey, TValueOut> record)
    {
        if (processing)
            inner.Forward(record with { Key = key, HasKey = hasKey });
        else
            inner.Forward(in record);
    }

    public void Forward<TKeyOther, TValueOther>(in Record<TKeyOther, TValueOther> record, string child) =>
        throw new NotSupportedException("a processor that keeps the key passes its records to all that follow");

    public T GetStateStore<T>(string name)
        where T : IStateStore => inner.GetStateStore<T>(name);

    public TaskScheduled Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator) => inner.Schedule(interval, type, punctuator);

    public void Commit() => inner.Commit();

    public void Drop(string code, string message) => inner.Drop(code, message);
}
