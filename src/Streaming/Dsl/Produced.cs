using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

/// <summary>How records are written to a topic. What is not said is left to the stream.</summary>
public sealed record Produced<TKey, TValue>
{
    public ISerDes<TKey>? KeySerDes { get; init; }

    public ISerDes<TValue>? ValueSerDes { get; init; }

    /// <summary>Null: murmur2 of the key's bytes, as Kafka's producer.</summary>
    public StreamPartitioner<TKey, TValue>? Partitioner { get; init; }

    public string? Named { get; init; }

    public static Produced<TKey, TValue> With(ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) => new() { KeySerDes = keySerDes, ValueSerDes = valueSerDes };

    public static Produced<TKey, TValue> As(string named) => new() { Named = named };

    public Produced<TKey, TValue> WithPartitioner(StreamPartitioner<TKey, TValue> partitioner) => this with { Partitioner = partitioner };

    public Produced<TKey, TValue> WithName(string named) => this with { Named = named };
}
