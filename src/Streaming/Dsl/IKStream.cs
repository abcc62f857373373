using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

/// <summary>A stream of independent records (Kafka Streams' KStream).</summary>
public partial interface IKStream<TKey, TValue>
{
    /// <summary>Passes on the records for which the predicate holds.</summary>
    IKStream<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, string? named = null);

    /// <summary>Writes the records to a topic that exists.</summary>
    void To(string topic, ISerDes<TKey>? keySerDes = null, ISerDes<TValue>? valueSerDes = null, StreamPartitioner<TKey, TValue>? partitioner = null, string? named = null);
}
