namespace Streams.Streaming.Dsl.Internal;

/// <summary>A processor without state. What cannot be given to the user's function, because a value type has no null, is not given to it.</summary>
internal abstract class Stateless<TKey, TValue, TKeyOut, TValueOut> : IProcessor<TKey, TValue, TKeyOut, TValueOut>
{
    protected IProcessorContext<TKeyOut, TValueOut> Context { get; private set; } = null!;

    public void Init(IProcessorContext<TKeyOut, TValueOut> context) => Context = context;

    public abstract void Process(in Record<TKey, TValue> record);

    protected static bool CanTakeKey(in Record<TKey, TValue> record) => record.HasKey || default(TKey) is null;

    protected static bool CanTakeValue(in Record<TKey, TValue> record) => record.HasValue || default(TValue) is null;

    protected static bool CanTake(in Record<TKey, TValue> record) => CanTakeKey(in record) && CanTakeValue(in record);

    /// <summary>The exit of a record that cannot pass, because it would need what the function was to compute.</summary>
    protected void Refuse(in Record<TKey, TValue> record)
    {
        if (CanTakeKey(in record))
            Context.Drop("NULL_VALUE", "the record has no value, which the function needs");
        else
            Context.Drop("NULL_KEY", "the record has no key, which the function needs");
    }
}

internal sealed class Filter<TKey, TValue>(Func<TKey, TValue, bool> predicate, bool wanted) : Stateless<TKey, TValue, TKey, TValue>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if (!CanTake(in record) || predicate(record.Key, record.Value) == wanted)
            Context.Forward(in record);
    }
}

internal sealed class Map<TKey, TValue, TKeyOut, TValueOut>(Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> mapper) : Stateless<TKey, TValue, TKeyOut, TValueOut>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if (!CanTake(in record))
        {
            Refuse(in record);
            return;
        }
        var (key, value) = mapper(record.Key, record.Value);
        Context.Forward(new Record<TKeyOut, TValueOut>(key, value, record.Timestamp, record.Headers));
    }
}

internal sealed class MapValues<TKey, TValue, TValueOut>(Func<TValue, TValueOut> mapper) : Stateless<TKey, TValue, TKey, TValueOut>
{
    public override void Process(in Record<TKey, TValue> record) =>
        Context.Forward(CanTakeValue(in record) ? record.WithValue(mapper(record.Value)) : record.WithoutValue<TValueOut>());
}

internal sealed class MapValuesByKey<TKey, TValue, TValueOut>(Func<TKey, TValue, TValueOut> mapper) : Stateless<TKey, TValue, TKey, TValueOut>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if (!CanTakeKey(in record))
            Refuse(in record);
        else
            Context.Forward(CanTakeValue(in record) ? record.WithValue(mapper(record.Key, record.Value)) : record.WithoutValue<TValueOut>());
    }
}

internal sealed class FlatMap<TKey, TValue, TKeyOut, TValueOut>(Func<TKey, TValue, IEnumerable<KeyValuePair<TKeyOut, TValueOut>>> mapper)
    : Stateless<TKey, TValue, TKeyOut, TValueOut>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if (!CanTake(in record))
        {
            Refuse(in record);
            return;
        }
        foreach (var (key, value) in mapper(record.Key, record.Value))
            Context.Forward(new Record<TKeyOut, TValueOut>(key, value, record.Timestamp, record.Headers));
    }
}

internal sealed class FlatMapValues<TKey, TValue, TValueOut>(Func<TValue, IEnumerable<TValueOut>> mapper) : Stateless<TKey, TValue, TKey, TValueOut>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if (!CanTakeValue(in record))
        {
            Context.Forward(record.WithoutValue<TValueOut>());
            return;
        }
        foreach (var value in mapper(record.Value))
            Context.Forward(record.WithValue(value));
    }
}

internal sealed class FlatMapValuesByKey<TKey, TValue, TValueOut>(Func<TKey, TValue, IEnumerable<TValueOut>> mapper) : Stateless<TKey, TValue, TKey, TValueOut>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if (!CanTakeKey(in record))
        {
            Refuse(in record);
            return;
        }
        if (!CanTakeValue(in record))
        {
            Context.Forward(record.WithoutValue<TValueOut>());
            return;
        }
        foreach (var value in mapper(record.Key, record.Value))
            Context.Forward(record.WithValue(value));
    }
}

internal sealed class SelectKey<TKey, TValue, TKeyOut>(Func<TKey, TValue, TKeyOut> mapper) : Stateless<TKey, TValue, TKeyOut, TValue>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if (CanTake(in record))
            Context.Forward(record.WithKey(mapper(record.Key, record.Value)));
        else
            Refuse(in record);
    }
}

internal sealed class SetTimestamp<TKey, TValue>(Func<TKey, TValue, long> timestamp) : Stateless<TKey, TValue, TKey, TValue>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        var time = CanTake(in record) ? timestamp(record.Key, record.Value) : record.Timestamp;
        if (time < 0)
            Context.Drop("NEGATIVE_TIMESTAMP", $"the record's time is {time}");
        else
            Context.Forward(record.WithTimestamp(time));
    }
}

internal sealed class Peek<TKey, TValue>(Action<TKey, TValue> action, bool passOn) : Stateless<TKey, TValue, TKey, TValue>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if (CanTake(in record))
            action(record.Key, record.Value);
        if (passOn)
            Context.Forward(in record);
    }
}
