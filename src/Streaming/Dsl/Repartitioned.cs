using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

/// <summary>An internal topic that a stream is sent through: "&lt;application.id&gt;-&lt;name&gt;-repartition".</summary>
public sealed record Repartitioned<TKey, TValue>
{
    private Repartitioned()
    {
    }

    public required string Name { get; init; }

    public ISerDes<TKey>? KeySerDes { get; init; }

    public ISerDes<TValue>? ValueSerDes { get; init; }

    /// <summary>Null: as many as the most of the topics that the stream comes from.</summary>
    public int? NumberOfPartitions { get; init; }

    /// <summary>Null: murmur2 of the key's bytes, as Kafka's producer.</summary>
    public StreamPartitioner<TKey, TValue>? Partitioner { get; init; }

    public static Repartitioned<TKey, TValue> As(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new() { Name = name };
    }

    /// <summary>With serializers made by their types.</summary>
    public static Repartitioned<TKey, TValue> Create<TKeySerDes, TValueSerDes>(string name)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() => As(name).With(new TKeySerDes(), new TValueSerDes());

    public Repartitioned<TKey, TValue> With(ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) => this with { KeySerDes = keySerDes, ValueSerDes = valueSerDes };

    public Repartitioned<TKey, TValue> WithNumberOfPartitions(int partitions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        return this with { NumberOfPartitions = partitions };
    }

    public Repartitioned<TKey, TValue> WithPartitioner(StreamPartitioner<TKey, TValue> partitioner) => this with { Partitioner = partitioner };
}
