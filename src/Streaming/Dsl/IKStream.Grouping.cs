using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl;

public partial interface IKStream<TKey, TValue>
{
    /// <summary>Groups the records by their key, to be aggregated. Repartitioned before if the key may have changed.</summary>
    IKGroupedStream<TKey, TValue> GroupByKey(Grouped<TKey, TValue>? grouped = null);

    /// <summary>As the other, with serializers made by their types.</summary>
    IKGroupedStream<TKey, TValue> GroupByKey<TKeySerDes, TValueSerDes>(string? named = null)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new();

    /// <summary>Groups the records by a new key, to be aggregated; always repartitioned. Records whose new key is null go to the dead letters (NULL_KEY).</summary>
    IKGroupedStream<TKeyOut, TValue> GroupBy<TKeyOut>(Func<TKey, TValue, TKeyOut> selector, Grouped<TKeyOut, TValue>? grouped = null);

    /// <summary>As the other, with a serializer of the new keys made by its type.</summary>
    IKGroupedStream<TKeyOut, TValue> GroupBy<TKeyOut, TKeySerDes>(Func<TKey, TValue, TKeyOut> selector, string? named = null)
        where TKeySerDes : ISerDes<TKeyOut>, new();
}
