using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>Keeps a side's records for the other side to find, then passes them on to be joined.</summary>
internal sealed class RememberForJoin<TKey, TValue>(string store) : IProcessor<TKey, TValue, TKey, TValue>
{
    private IProcessorContext<TKey, TValue> context = null!;
    private IWindowStore<TKey, TValue> window = null!;

    public void Init(IProcessorContext<TKey, TValue> context)
    {
        this.context = context;
        window = context.GetStateStore<IWindowStore<TKey, TValue>>(store);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        // One that has expired already will not be found by others, but may still find a partner itself.
        // One without a value moves the store's time all the same, where the type lets it be told apart.
        if (record.HasKey && (record.HasValue || default(TValue) is null))
            window.Put(record.Key, record.HasValue ? record.Value : default!, record.Timestamp);
        context.Forward(in record);
    }
}

/// <summary>One side of a join of streams, as both sides share it: where the other side's records are, and how unmatched ones are kept.</summary>
/// <param name="IsLeft">Of this side.</param>
/// <param name="Unmatched">Whether this side's unmatched records come out.</param>
/// <param name="WaitingStore">Where unmatched records of either side wait; null in an inner join.</param>
internal sealed record JoinSide(bool IsLeft, bool Unmatched, string OtherStore, string? WaitingStore, JoinWindowOptions Windows)
{
    public long BeforeMs => IsLeft ? Windows.BeforeMs : Windows.AfterMs;

    public long AfterMs => IsLeft ? Windows.AfterMs : Windows.BeforeMs;
}

/// <summary>
/// Joins one side's records with the other side's (Kafka Streams' KStreamKStreamJoin since 3.1): partners within the window at once, unmatched records once the
/// time both sides have seen has passed their windows and the grace. That time is kept beside the waiting records.
/// </summary>
/// <param name="join">This side's value and the other's to the result; a missing one is the type's default.</param>
/// <param name="emit">A waiting record's result.</param>
internal sealed class StreamJoin<TKey, TThis, TOther, TResult>(JoinSide side, Func<TKey, TThis, TOther?, TResult> join, Func<TKey, WaitingRecord<TKey>, TResult> emit)
    : IProcessor<TKey, TThis, TKey, TResult>
{
    private readonly List<KeyValuePair<long, TOther>> partners = [];
    private IProcessorContext<TKey, TResult> context = null!;
    private IWindowStore<TKey, TOther> others = null!;
    private IWaitingRecords<TKey>? waiting;

    public void Init(IProcessorContext<TKey, TResult> context)
    {
        this.context = context;
        others = context.GetStateStore<IWindowStore<TKey, TOther>>(side.OtherStore);
        waiting = side.WaitingStore is null ? null : context.GetStateStore<IWaitingRecords<TKey>>(side.WaitingStore);
    }

    public void Process(in Record<TKey, TThis> record)
    {
        waiting?.Observe(record.Timestamp);
        if (side.Unmatched && !record.HasKey && record.HasValue)
        {
            context.Forward(record.WithValue(join(record.Key, record.Value, default)));
            return;
        }
        if (!record.HasKey || !record.HasValue)
        {
            context.Drop(record.HasKey ? "NULL_VALUE" : "NULL_KEY", "a record without key or value has no partner in a join of streams");
            return;
        }
        if (record.Timestamp == waiting?.ObservedStreamTime)
            EmitUnmatched(in record);
        Match(in record);
    }

    private void Match(in Record<TKey, TThis> record)
    {
        var (from, to) = (Math.Max(0, record.Timestamp - side.BeforeMs), Math.Max(0, record.Timestamp + side.AfterMs));
        partners.Clear();
        others.Fetch(record.Key, from, to, partners);
        foreach (var (time, value) in partners)
        {
            waiting?.Remove(!side.IsLeft, record.Key, time);
            context.Forward(record.WithValue(join(record.Key, record.Value, value)).WithTimestamp(Math.Max(record.Timestamp, time)));
        }
        if (partners.Count == 0)
            WithoutPartner(in record, to);
    }

    private void WithoutPartner(in Record<TKey, TThis> record, long windowEnd)
    {
        if (!side.Unmatched)
        {
            if (IsLate(in record))
                context.Drop("LATE_RECORD", $"the record of time {record.Timestamp} found no partner, and none can come any more");
            return;
        }
        // One whose window is over at the time both sides have seen would wait for nothing.
        if (windowEnd < waiting!.ObservedStreamTime)
            context.Forward(record.WithValue(join(record.Key, record.Value, default)));
        else
            waiting.Add(side.IsLeft, record.Key, record.Value, record.Timestamp);
    }

    private bool IsLate(in Record<TKey, TThis> record) => record.Timestamp + side.AfterMs + side.Windows.GraceMs < context.CurrentStreamTimeMs;

    private void EmitUnmatched(in Record<TKey, TThis> record)
    {
        var cause = record;
        waiting!.TakeClosed(side.AfterMs, side.Windows, (key, unmatched) =>
            context.Forward(cause.WithKey(key).WithValue(emit(key, unmatched)).WithTimestamp(unmatched.Timestamp)));
    }
}
