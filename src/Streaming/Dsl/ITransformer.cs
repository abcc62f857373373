namespace Streams.Streaming.Dsl;

/// <summary>Makes another record of each (Streamiz' ITransformer). One instance a task.</summary>
public interface ITransformer<TKey, TValue, TKeyOut, TValueOut>
{
    void Init(IProcessorContext<TKeyOut, TValueOut> context);

    /// <summary>Null: no record.</summary>
    Record<TKeyOut, TValueOut>? Process(in Record<TKey, TValue> record);

    void Close()
    {
    }
}

/// <summary>Computes a table's values of those of another (Kafka Streams' ValueTransformerWithKey). One instance a task, and one for each operator that looks values up.</summary>
public interface IValueTransformerWithKey<TKey, TValue, TValueOut>
{
    void Init(IProcessingContext context);

    /// <summary>Called for deleted values too (null), if the type of the values can be null. Null: the key has no value.</summary>
    TValueOut Transform(TKey key, TValue value);

    void Close()
    {
    }
}
