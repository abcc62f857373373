namespace Streams.Streaming.Dsl;

public sealed partial class StreamBuilder
{
    /// <summary>A stream of a topic's records, read as said.</summary>
    public IKStream<TKey, TValue> Stream<TKey, TValue>(string topic, Consumed<TKey, TValue> consumed)
    {
        ArgumentNullException.ThrowIfNull(consumed);
        var stream = (Internal.KStream<TKey, TValue>)Stream(topic, consumed.KeySerDes, consumed.ValueSerDes, consumed.TimestampExtractor, consumed.Name);
        if (consumed.IdleTimeout is { } timeout)
            Topology.SetIdleTimeout(stream.Node, timeout);
        return stream;
    }
}
