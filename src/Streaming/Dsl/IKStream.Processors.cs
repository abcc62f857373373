namespace Streams.Streaming.Dsl;

public partial interface IKStream<TKey, TValue>
{
    /// <summary>A processor of one's own, connected with stores that were added to the builder. It may change the key.</summary>
    IKStream<TKeyOut, TValueOut> Process<TKeyOut, TValueOut>(Func<IProcessor<TKey, TValue, TKeyOut, TValueOut>> supplier, string? named = null, params string[] storeNames);

    /// <summary>
    /// A processor of one's own that keeps the key, so that nothing has to be repartitioned afterwards: whatever it passes on while it processes a record gets that
    /// record's key. What it passes on in punctuators keeps its own, which must be one that came in.
    /// </summary>
    IKStream<TKey, TValueOut> ProcessValues<TValueOut>(Func<IProcessor<TKey, TValue, TKey, TValueOut>> supplier, string? named = null, params string[] storeNames);

    /// <summary>Makes another record, or none, of each (Streamiz' Transform; Kafka Streams has Process alone since 4.0).</summary>
    IKStream<TKeyOut, TValueOut> Transform<TKeyOut, TValueOut>(Func<ITransformer<TKey, TValue, TKeyOut, TValueOut>> supplier, string? named = null, params string[] storeNames);

    /// <summary>As Transform; the key stays, whatever the transformer returns for it.</summary>
    IKStream<TKey, TValueOut> TransformValues<TValueOut>(Func<ITransformer<TKey, TValue, TKey, TValueOut>> supplier, string? named = null, params string[] storeNames);
}
