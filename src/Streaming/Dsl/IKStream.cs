using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

/// <summary>
/// A stream of independent records (Kafka Streams' KStream). Where a record has no value, an operator's function is called with null if the type of the
/// values can be null. If it cannot (a value type), the function is not called: the record passes unchanged, or, where a new key was to be computed from the
/// value, goes to the dead letters (NULL_VALUE). The same holds for keys (NULL_KEY).
/// </summary>
public partial interface IKStream<TKey, TValue>
{
    /// <summary>Passes on the records for which the predicate holds.</summary>
    IKStream<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, string? named = null);

    /// <summary>Passes on the records for which the predicate does not hold.</summary>
    IKStream<TKey, TValue> FilterNot(Func<TKey, TValue, bool> predicate, string? named = null);

    /// <summary>Gives each record another key and value. What needs equal keys together repartitions afterwards.</summary>
    IKStream<TKeyOut, TValueOut> Map<TKeyOut, TValueOut>(Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> mapper, string? named = null);

    /// <summary>Gives each record another value; null: none.</summary>
    IKStream<TKey, TValueOut> MapValues<TValueOut>(Func<TValue, TValueOut> mapper, string? named = null);

    /// <summary>Gives each record another value; null: none.</summary>
    IKStream<TKey, TValueOut> MapValues<TValueOut>(Func<TKey, TValue, TValueOut> mapper, string? named = null);

    /// <summary>Makes any number of records of each, in order.</summary>
    IKStream<TKeyOut, TValueOut> FlatMap<TKeyOut, TValueOut>(Func<TKey, TValue, IEnumerable<KeyValuePair<TKeyOut, TValueOut>>> mapper, string? named = null);

    /// <summary>Makes any number of records of the same key of each, in order.</summary>
    IKStream<TKey, TValueOut> FlatMapValues<TValueOut>(Func<TValue, IEnumerable<TValueOut>> mapper, string? named = null);

    /// <summary>Makes any number of records of the same key of each, in order.</summary>
    IKStream<TKey, TValueOut> FlatMapValues<TValueOut>(Func<TKey, TValue, IEnumerable<TValueOut>> mapper, string? named = null);

    /// <summary>Gives each record another key. What needs equal keys together repartitions afterwards.</summary>
    IKStream<TKeyOut, TValue> SelectKey<TKeyOut>(Func<TKey, TValue, TKeyOut> mapper, string? named = null);

    /// <summary>Gives each record another time, milliseconds since the epoch. A negative one sends it to the dead letters (NEGATIVE_TIMESTAMP).</summary>
    IKStream<TKey, TValue> WithRecordTimestamp(Func<TKey, TValue, long> timestamp, string? named = null);

    /// <summary>Shows each record and passes it on.</summary>
    IKStream<TKey, TValue> Peek(Action<TKey, TValue> action, string? named = null);

    /// <summary>Shows each record; the stream ends here. What the action does elsewhere is not part of the transaction.</summary>
    void Foreach(Action<TKey, TValue> action, string? named = null);

    /// <summary>Writes each record as text; the stream ends here.</summary>
    void Print(Printed<TKey, TValue> printed, string? named = null);

    /// <summary>
    /// Sends records whose identity was seen before to the dead letters (DUPLICATE), and those that are older than the time to live, of which nobody can tell
    /// (EXPIRED). Identities are compared within a partition, so records of one identity must have one key.
    /// </summary>
    /// <param name="id">The identity; null sends the record to the dead letters (NULL_ID).</param>
    /// <param name="ttl">How long an identity is remembered, by stream time.</param>
    /// <param name="named">Names the operator; its store is "&lt;named&gt;-store".</param>
    /// <param name="idSerDes">Null: the builder's serializer of the type.</param>
    IKStream<TKey, TValue> DropDuplicates<TId>(Func<TKey, TValue, TId> id, TimeSpan ttl, string named, SerDes.ISerDes<TId>? idSerDes = null);

    /// <summary>
    /// The latest value of each key as a table, repartitioned before if the key changed (then it must be named). Kept in a store as <see cref="StreamBuilder"/>'s tables are.
    /// </summary>
    IKTable<TKey, TValue> ToTable(Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized = null, string? named = null);
}
