using System.Buffers;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>At the left table: turns its changes into subscriptions (Kafka Streams' SubscriptionSendProcessor).</summary>
internal sealed class Subscribe<TKey, TValue, TForeignKey>(
    Func<TValue, TForeignKey?> foreignKey, ISerDes<TForeignKey> foreignSerDes, ISerDes<TValue> valueSerDes, bool left)
    : IProcessor<TKey, Change<TValue>, TForeignKey, Subscription<TKey>>
{
    private readonly ArrayBufferWriter<byte> buffer = new(), otherBuffer = new();
    private IProcessorContext<TForeignKey, Subscription<TKey>> context = null!;

    public void Init(IProcessorContext<TForeignKey, Subscription<TKey>> context) => this.context = context;

    public void Process(in Record<TKey, Change<TValue>> record)
    {
        var change = record.Value;
        var old = change.HasOld ? foreignKey(change.Old!) : default;
        var present = change.HasNew ? foreignKey(change.New!) : default;
        var (hadForeign, hasForeign) = (change.HasOld && old is not null, change.HasNew && present is not null);
        if (left)
            ProcessLeft(in record, old, hadForeign, present, hasForeign);
        else
            ProcessInner(in record, old, hadForeign, present, hasForeign);
    }

    /// <summary>Every change is answered, so that the row always has its result; a row that points nowhere subscribes to no key and gets its answer all the same.</summary>
    private void ProcessLeft(in Record<TKey, Change<TValue>> record, TForeignKey? old, bool hadForeign, TForeignKey? present, bool hasForeign)
    {
        if (!record.Value.HasOld && !record.Value.HasNew)
            return;
        if (hadForeign && !(hasForeign && AreSame(old!, present!)))
            Send(in record, old, SubscriptionInstruction.DeleteSilently);
        Send(in record, hasForeign ? present : default, SubscriptionInstruction.AnswerAlways, hasForeign);
    }

    private void ProcessInner(in Record<TKey, Change<TValue>> record, TForeignKey? old, bool hadForeign, TForeignKey? present, bool hasForeign)
    {
        if (!hasForeign)
        {
            if (record.Value.HasNew)
                context.Drop("NULL_FOREIGN_KEY", "the value points to no key of the other table");
            if (hadForeign)
                Send(in record, old, SubscriptionInstruction.DeleteAndAnswer);
            return;
        }
        var moved = hadForeign && !AreSame(old!, present!);
        if (moved)
            Send(in record, old, SubscriptionInstruction.DeleteSilently);
        // Only a row that pointed elsewhere may have a result to take back.
        Send(in record, present, moved ? SubscriptionInstruction.AnswerAlways : SubscriptionInstruction.AnswerIfPresent);
    }

    private void Send(in Record<TKey, Change<TValue>> record, TForeignKey? key, SubscriptionInstruction instruction, bool hasKey = true)
    {
        UInt128? hash = record.Value.HasNew ? ForeignKeyForm.Hash(valueSerDes, record.Value.New!, buffer) : null;
        var subscription = new Subscription<TKey>(instruction, hash, record.Key, context.Partition);
        context.Forward(record.WithKey(key!).WithValue(subscription) with { HasKey = hasKey, HasValue = true });
    }

    private bool AreSame(TForeignKey one, TForeignKey other)
    {
        buffer.ResetWrittenCount();
        otherBuffer.ResetWrittenCount();
        foreignSerDes.Serialize(one, buffer);
        foreignSerDes.Serialize(other, otherBuffer);
        return buffer.WrittenSpan.SequenceEqual(otherBuffer.WrittenSpan);
    }
}

/// <summary>At the right table: keeps subscriptions (Kafka Streams' SubscriptionReceiveProcessor).</summary>
internal sealed class ReceiveSubscription<TKey, TForeignKey>(string store) : IProcessor<TForeignKey, Subscription<TKey>, TForeignKey, Subscription<TKey>>
{
    private IProcessorContext<TForeignKey, Subscription<TKey>> context = null!;
    private SubscriptionStore<TKey, TForeignKey> subscriptions = null!;

    public void Init(IProcessorContext<TForeignKey, Subscription<TKey>> context)
    {
        this.context = context;
        subscriptions = context.GetStateStore<SubscriptionStore<TKey, TForeignKey>>(store);
    }

    public void Process(in Record<TForeignKey, Subscription<TKey>> record)
    {
        if (record.HasKey)
        {
            var subscription = record.Value;
            if (subscription.Instruction is SubscriptionInstruction.DeleteSilently or SubscriptionInstruction.DeleteAndAnswer)
                subscriptions.Delete(record.Key, subscription.PrimaryKey);
            else
                subscriptions.Put(record.Key, in subscription);
        }
        context.Forward(in record);
    }
}

/// <summary>Answers a subscription with what the right table holds now (Kafka Streams' SubscriptionJoinProcessor).</summary>
internal sealed class AnswerSubscription<TKey, TForeignKey, TOther>(TableValues<TForeignKey, TOther> table)
    : IProcessor<TForeignKey, Subscription<TKey>, TKey, SubscriptionAnswer<TOther>>
{
    private IProcessorContext<TKey, SubscriptionAnswer<TOther>> context = null!;
    private ITableValueGetter<TForeignKey, TOther> values = null!;

    public void Init(IProcessorContext<TKey, SubscriptionAnswer<TOther>> context)
    {
        this.context = context;
        values = table.Getter(context);
    }

    public void Process(in Record<TForeignKey, Subscription<TKey>> record)
    {
        var subscription = record.Value;
        TOther? value = default;
        var time = -1L;
        var found = record.HasKey && values.TryGet(record.Key, out value, out time);
        var answers = subscription.Instruction switch
        {
            SubscriptionInstruction.DeleteSilently => false,
            SubscriptionInstruction.AnswerIfPresent => found,
            _ => true,
        };
        if (!answers)
            return;
        var gives = found && subscription.Instruction != SubscriptionInstruction.DeleteAndAnswer;
        var answer = new SubscriptionAnswer<TOther>(subscription.Hash, gives ? value : default, gives, subscription.Partition);
        context.Forward(record.WithKey(subscription.PrimaryKey).WithValue(answer).WithTimestamp(Math.Max(record.Timestamp, found ? time : -1)) with { HasKey = true });
    }
}

/// <summary>Tells every subscriber of a key that the right table changed (Kafka Streams' ForeignTableJoinProcessor).</summary>
internal sealed class TellSubscribers<TKey, TForeignKey, TOther>(string store) : IProcessor<TForeignKey, Change<TOther>, TKey, SubscriptionAnswer<TOther>>
{
    private IProcessorContext<TKey, SubscriptionAnswer<TOther>> context = null!;
    private SubscriptionStore<TKey, TForeignKey> subscriptions = null!;

    public void Init(IProcessorContext<TKey, SubscriptionAnswer<TOther>> context)
    {
        this.context = context;
        subscriptions = context.GetStateStore<SubscriptionStore<TKey, TForeignKey>>(store);
    }

    public void Process(in Record<TForeignKey, Change<TOther>> record)
    {
        if (!record.HasKey)
        {
            context.Drop("NULL_KEY", "the record has no key to join by");
            return;
        }
        var change = record.Value;
        foreach (var subscription in subscriptions.Subscribers(record.Key))
        {
            var answer = new SubscriptionAnswer<TOther>(subscription.Hash, change.New, change.HasNew, subscription.Partition);
            context.Forward(record.WithKey(subscription.PrimaryKey).WithValue(answer));
        }
    }
}

/// <summary>Back at the left table: joins answers that belong to its present value, and drops stale ones (Kafka Streams' ResponseJoinProcessor).</summary>
internal sealed class ResolveAnswer<TKey, TValue, TOther, TResult>(
    TableValues<TKey, TValue> table, ISerDes<TValue> valueSerDes, Func<TValue, TOther?, TResult> joiner, bool left)
    : IProcessor<TKey, SubscriptionAnswer<TOther>, TKey, Change<TResult>>
{
    private readonly ArrayBufferWriter<byte> buffer = new();
    private IProcessorContext<TKey, Change<TResult>> context = null!;
    private ITableValueGetter<TKey, TValue> values = null!;

    public void Init(IProcessorContext<TKey, Change<TResult>> context)
    {
        this.context = context;
        values = table.Getter(context);
    }

    public void Process(in Record<TKey, SubscriptionAnswer<TOther>> record)
    {
        var answer = record.Value;
        var found = values.TryGet(record.Key, out var value, out _);
        UInt128? present = found ? ForeignKeyForm.Hash(valueSerDes, value, buffer) : null;
        if (answer.Hash != present)
            return;
        var joins = found && (answer.HasValue || left);
        var result = joins ? joiner(value, answer.Value) : default;
        context.Forward(record.WithValue(new Change<TResult>(result, joins && result is not null, default, false)));
    }
}
