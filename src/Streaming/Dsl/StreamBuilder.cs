using System.Globalization;
using Streams.Streaming.Dsl.Internal;
using Streams.Streaming.Runtime;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

/// <summary>
/// Describes a topology in terms of streams and tables (Streamiz' StreamBuilder, Kafka Streams' StreamsBuilder). Operators are numbered in the order in
/// which they are declared, as in Kafka Streams; whatever gets an internal topic (a repartition topic, a changelog) must be named, so that a change of
/// the topology elsewhere never makes a running application lose its state.
/// </summary>
public sealed partial class StreamBuilder
{
    private int next;

    /// <summary>Numbers that operators of Kafka Streams have and ours have not.</summary>
    internal void Burn(int numbers) => next += numbers;

    internal Topology Topology { get; } = new();

    /// <summary>A stream of a topic's records, with the builder's serializers of their types.</summary>
    public IKStream<TKey, TValue> Stream<TKey, TValue>(string topic, TimestampExtractor<TKey, TValue>? extractor = null, string? named = null) =>
        Stream([topic], Require<TKey>(topic), Require<TValue>(topic), extractor, named);

    /// <summary>A stream of a topic's records. The serializers also serve the operators after it, until one changes the type.</summary>
    public IKStream<TKey, TValue> Stream<TKey, TValue>(string topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, TimestampExtractor<TKey, TValue>? extractor = null, string? named = null) =>
        Stream([topic], keySerDes, valueSerDes, extractor, named);

    /// <summary>A stream of a topic's records with serializers made by their types.</summary>
    public IKStream<TKey, TValue> Stream<TKey, TValue, TKeySerDes, TValueSerDes>(string topic, TimestampExtractor<TKey, TValue>? extractor = null, string? named = null)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() =>
        Stream([topic], new TKeySerDes(), new TValueSerDes(), extractor, named);

    /// <summary>A stream of the records of several topics, which must have equally many partitions.</summary>
    public IKStream<TKey, TValue> Stream<TKey, TValue>(
        IReadOnlyList<string> topics, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, TimestampExtractor<TKey, TValue>? extractor = null, string? named = null)
    {
        var name = NameOf("KSTREAM-SOURCE-", named);
        Topology.AddSource(name, topics, keySerDes, valueSerDes, extractor);
        return new KStream<TKey, TValue>(this, name, keySerDes, valueSerDes);
    }

    /// <summary>Adds a store that processors can be connected with by its name: <see cref="IKStream{TKey,TValue}.Process"/>.</summary>
    public StreamBuilder AddStateStore(IStoreBuilder store)
    {
        Topology.AddStateStore(store);
        return this;
    }

    /// <summary>Adds a topic that every instance reads whole: to its end before tasks start, then followed. What it builds is the handler's own.</summary>
    public StreamBuilder AddGlobalStore(string name, string topic, GlobalRecordHandler handler)
    {
        Topology.AddGlobalStore(name, topic, handler);
        return this;
    }

    /// <summary>The finished topology. The builder can go on to be used only to describe another one anew.</summary>
    public Topology Build()
    {
        _ = Topology.Build("");
        return Topology;
    }

    /// <summary>The name given, or the operator's prefix and the next number.</summary>
    internal string NameOf(string prefix, string? named)
    {
        // The number is used up either way, so that naming one operator does not rename the others.
        var number = next++;
        return named ?? string.Create(CultureInfo.InvariantCulture, $"{prefix}{number:D10}");
    }

    /// <summary>
    /// Sends a stream through an internal topic "&lt;application.id&gt;-&lt;name&gt;-repartition", so that records of one key meet in one partition.
    /// </summary>
    /// <param name="partitions">Null: as many as the most of the topics that the stream comes from.</param>
    /// <param name="nullKeys">Records without a key go through partition 0, for an operator that has a result for them; else they are dropped before.</param>
    internal KStream<TKey, TValue> Repartition<TKey, TValue>(
        KStream<TKey, TValue> stream,
        string? name,
        ISerDes<TKey>? keySerDes,
        ISerDes<TValue>? valueSerDes,
        int? partitions = null,
        StreamPartitioner<TKey, TValue>? partitioner = null,
        bool nullKeys = false)
    {
        if (name is null)
            throw new TopologyException($"after \"{stream.Node}\" the records must be repartitioned by their new key: name the operator (Grouped.As, Repartitioned.As, StreamJoinProps …), for its internal topic is called after it");
        // Kafka Streams uses up three numbers here, for sink, filter and source.
        next += 3;
        var (keys, values) = (stream.KeySerDesOr(keySerDes, name), stream.ValueSerDesOr(valueSerDes, name));
        var topic = new TopicName($"{name}-repartition", IsInternal: true);
        Topology.AddRepartitionTopic(topic.Name, partitions);
        var filter = $"{name}-repartition-filter";
        Topology.AddProcessor<TKey, TValue, TKey, TValue>(filter, () => nullKeys ? new PassOn<TKey, TValue>() : new DropNullKeys<TKey, TValue>(), stream.Node);
        if (nullKeys)
            partitioner = static (in record, _) => record.HasKey ? IRecordCollector.ByKey : 0;
        Topology.AddSink($"{name}-repartition-sink", topic, keys, values, partitioner, filter);
        Topology.AddSource($"{name}-repartition-source", topic, keys, values);
        return new KStream<TKey, TValue>(this, $"{name}-repartition-source", keys, values);
    }
}
