using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

/// <summary>How a stream is grouped: the name of its repartition topic, where one is needed, and the serializers (Kafka Streams' Grouped). What is not said is left to the stream.</summary>
public sealed record Grouped<TKey, TValue>
{
    /// <summary>Names the repartition topic; null: it is named after the aggregate's store.</summary>
    public string? Name { get; init; }

    public ISerDes<TKey>? KeySerDes { get; init; }

    public ISerDes<TValue>? ValueSerDes { get; init; }

    public static Grouped<TKey, TValue> As(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return new() { Name = name };
    }

    public static Grouped<TKey, TValue> With(ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) => new() { KeySerDes = keySerDes, ValueSerDes = valueSerDes };

    /// <summary>With serializers made by their types (Streamiz' spelling).</summary>
    public static Grouped<TKey, TValue> Create<TKeySerDes, TValueSerDes>(string? name = null)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() => new() { Name = name, KeySerDes = new TKeySerDes(), ValueSerDes = new TValueSerDes() };

    public Grouped<TKey, TValue> WithName(string name) => this with { Name = name };

    public Grouped<TKey, TValue> WithKeySerDes(ISerDes<TKey> serDes) => this with { KeySerDes = serDes };

    public Grouped<TKey, TValue> WithValueSerDes(ISerDes<TValue> serDes) => this with { ValueSerDes = serDes };
}
