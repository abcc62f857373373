namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KStream<TKey, TValue>
{
    public IKStream<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return Then(Builder.NameOf("KSTREAM-FILTER-", named), () => new Filter<TKey, TValue>(predicate, wanted: true), keyChanged: false);
    }

    public IKStream<TKey, TValue> FilterNot(Func<TKey, TValue, bool> predicate, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return Then(Builder.NameOf("KSTREAM-FILTER-", named), () => new Filter<TKey, TValue>(predicate, wanted: false), keyChanged: false);
    }

    public IKStream<TKeyOut, TValueOut> Map<TKeyOut, TValueOut>(Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> mapper, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        return Then(Builder.NameOf("KSTREAM-MAP-", named), () => new Map<TKey, TValue, TKeyOut, TValueOut>(mapper), keyChanged: true);
    }

    public IKStream<TKey, TValueOut> MapValues<TValueOut>(Func<TValue, TValueOut> mapper, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        return Then(Builder.NameOf("KSTREAM-MAPVALUES-", named), () => new MapValues<TKey, TValue, TValueOut>(mapper), keyChanged: false);
    }

    public IKStream<TKey, TValueOut> MapValues<TValueOut>(Func<TKey, TValue, TValueOut> mapper, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        return Then(Builder.NameOf("KSTREAM-MAPVALUES-", named), () => new MapValuesByKey<TKey, TValue, TValueOut>(mapper), keyChanged: false);
    }

    public IKStream<TKeyOut, TValueOut> FlatMap<TKeyOut, TValueOut>(Func<TKey, TValue, IEnumerable<KeyValuePair<TKeyOut, TValueOut>>> mapper, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        return Then(Builder.NameOf("KSTREAM-FLATMAP-", named), () => new FlatMap<TKey, TValue, TKeyOut, TValueOut>(mapper), keyChanged: true);
    }

    public IKStream<TKey, TValueOut> FlatMapValues<TValueOut>(Func<TValue, IEnumerable<TValueOut>> mapper, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        return Then(Builder.NameOf("KSTREAM-FLATMAPVALUES-", named), () => new FlatMapValues<TKey, TValue, TValueOut>(mapper), keyChanged: false);
    }

    public IKStream<TKey, TValueOut> FlatMapValues<TValueOut>(Func<TKey, TValue, IEnumerable<TValueOut>> mapper, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        return Then(Builder.NameOf("KSTREAM-FLATMAPVALUES-", named), () => new FlatMapValuesByKey<TKey, TValue, TValueOut>(mapper), keyChanged: false);
    }

    public IKStream<TKeyOut, TValue> SelectKey<TKeyOut>(Func<TKey, TValue, TKeyOut> mapper, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        return Then(Builder.NameOf("KSTREAM-KEY-SELECT-", named), () => new SelectKey<TKey, TValue, TKeyOut>(mapper), keyChanged: true);
    }

    public IKStream<TKey, TValue> WithRecordTimestamp(Func<TKey, TValue, long> timestamp, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(timestamp);
        return Then(Builder.NameOf("KSTREAM-TIMESTAMP-", named), () => new SetTimestamp<TKey, TValue>(timestamp), keyChanged: false);
    }

    public IKStream<TKey, TValue> Peek(Action<TKey, TValue> action, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(action);
        return Then(Builder.NameOf("KSTREAM-PEEK-", named), () => new Peek<TKey, TValue>(action, passOn: true), keyChanged: false);
    }

    public void Foreach(Action<TKey, TValue> action, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(action);
        Then(Builder.NameOf("KSTREAM-FOREACH-", named), () => new Peek<TKey, TValue>(action, passOn: false), keyChanged: false);
    }

    public void Print(Printed<TKey, TValue> printed, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(printed);
        var print = printed.LabelledBy(Node);
        Then(Builder.NameOf("KSTREAM-PRINTER-", named), () => new Peek<TKey, TValue>(print, passOn: false), keyChanged: false);
    }
}
