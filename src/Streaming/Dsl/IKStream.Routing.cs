using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

public partial interface IKStream<TKey, TValue>
{
    /// <summary>Writes the records to a topic that exists.</summary>
    void To(string topic, ISerDes<TKey>? keySerDes = null, ISerDes<TValue>? valueSerDes = null, StreamPartitioner<TKey, TValue>? partitioner = null, string? named = null);

    /// <summary>Writes the records to a topic that exists.</summary>
    void To(string topic, Produced<TKey, TValue> produced);

    /// <summary>Writes the records to a topic that exists, with serializers made by their types.</summary>
    void To<TKeySerDes, TValueSerDes>(string topic, string? named = null)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new();

    /// <summary>Writes each record to the topic of its choice, which must exist.</summary>
    void To(TopicNameExtractor<TKey, TValue> topicOf, Produced<TKey, TValue>? produced = null);

    /// <summary>Sends the records through an internal topic named after <paramref name="repartitioned"/>. Records without a key go to the dead letters (NULL_KEY).</summary>
    IKStream<TKey, TValue> Repartition(Repartitioned<TKey, TValue> repartitioned);

    /// <summary>The records of both streams, in no order between them.</summary>
    IKStream<TKey, TValue> Merge(IKStream<TKey, TValue> stream, string? named = null);

    /// <summary>Splits by the first predicate that holds; the streams come in the order of the predicates. What matches none ends here.</summary>
    IKStream<TKey, TValue>[] Branch(params Func<TKey, TValue, bool>[] predicates);

    /// <summary>As the other, named; the branches are called "&lt;named&gt;-predicate-0" and so on.</summary>
    IKStream<TKey, TValue>[] Branch(string named, params Func<TKey, TValue, bool>[] predicates);

    /// <summary>Begins to split the stream into named branches.</summary>
    /// <param name="named">Stands before the names of the branches.</param>
    IBranchedKStream<TKey, TValue> Split(string? named = null);
}
