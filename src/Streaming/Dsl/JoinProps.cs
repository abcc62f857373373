using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

/// <summary>
/// The name of a join of streams and the serializers of its stores (Streamiz' StreamJoinProps, Kafka Streams' StreamJoined). The stores are
/// "&lt;name&gt;-this-join-store" and "&lt;name&gt;-other-join-store"; sides whose key changed go through "&lt;name&gt;-left-repartition" and
/// "&lt;name&gt;-right-repartition".
/// </summary>
/// <param name="KeySerDes">Null: the left stream's.</param>
/// <param name="LeftValueSerDes">Null: the left stream's.</param>
/// <param name="RightValueSerDes">Null: the right stream's.</param>
public sealed record StreamJoinProps<TKey, TLeft, TRight>(
    string Name, ISerDes<TKey>? KeySerDes = null, ISerDes<TLeft>? LeftValueSerDes = null, ISerDes<TRight>? RightValueSerDes = null)
{
    /// <summary>False: the stores have no changelogs and are empty after each restart.</summary>
    public bool LoggingEnabled { get; init; } = true;
}

/// <summary>Names a join of streams with the types inferred.</summary>
public static class StreamJoinProps
{
    public static StreamJoinProps<TKey, TLeft, TRight> With<TKey, TLeft, TRight>(
        string name, ISerDes<TKey>? keySerDes = null, ISerDes<TLeft>? leftValueSerDes = null, ISerDes<TRight>? rightValueSerDes = null) =>
        new(name, keySerDes, leftValueSerDes, rightValueSerDes);
}

/// <summary>
/// The name of a join of a stream with a table, and the serializers of the stream (Streamiz' StreamTableJoinProps, Kafka Streams' Joined). The name is needed
/// where the stream's key changed: it goes through "&lt;name&gt;-repartition".
/// </summary>
public sealed record StreamTableJoinProps<TKey, TLeft>(string? Name = null, ISerDes<TKey>? KeySerDes = null, ISerDes<TLeft>? LeftValueSerDes = null);

/// <summary>
/// A join over a foreign key: its name (Kafka Streams' TableJoined) and what its result is kept with. The internal topics are
/// "&lt;name&gt;-subscription-registration-topic" and "&lt;name&gt;-subscription-response-topic", the stores "&lt;name&gt;-subscription-store" and "&lt;name&gt;-result-store".
/// </summary>
/// <param name="ResultSerDes">Of the joined values.</param>
public sealed record ForeignKeyJoinProps<TResult>(string Name, ISerDes<TResult> ResultSerDes);
