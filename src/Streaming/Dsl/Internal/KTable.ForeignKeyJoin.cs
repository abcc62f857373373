using Streams.Streaming.Runtime;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KTable<TKey, TValue>
{
    public IKTable<TKey, TResult> Join<TForeignKey, TOther, TResult>(
        IKTable<TForeignKey, TOther> other, Func<TValue, TForeignKey?> foreignKey, Func<TValue, TOther, TResult> joiner, ForeignKeyJoinProps<TResult> props) =>
        JoinForeign((KTable<TForeignKey, TOther>)other, foreignKey, (value, found) => joiner(value, found!), props, left: false);

    public IKTable<TKey, TResult> LeftJoin<TForeignKey, TOther, TResult>(
        IKTable<TForeignKey, TOther> other, Func<TValue, TForeignKey?> foreignKey, Func<TValue, TOther?, TResult> joiner, ForeignKeyJoinProps<TResult> props) =>
        JoinForeign((KTable<TForeignKey, TOther>)other, foreignKey, joiner, props, left: true);

    private KTable<TKey, TResult> JoinForeign<TForeignKey, TOther, TResult>(
        KTable<TForeignKey, TOther> other, Func<TValue, TForeignKey?> foreignKey, Func<TValue, TOther?, TResult> joiner, ForeignKeyJoinProps<TResult> props, bool left)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(props.Name);
        var name = props.Name;
        var (keys, values, foreignKeys, others) = (KeySerDesOr(null, name), ValueSerDesOr(null, name), other.KeySerDesOr(null, name), other.ValueSerDesOr(null, name));
        Builder.Burn(14);
        var registration = new TopicName($"{name}-subscription-registration-topic", IsInternal: true);
        var response = new TopicName($"{name}-subscription-response-topic", IsInternal: true);
        var (store, mine, theirs) = ($"{name}-subscription-store", Values, other.LookedUp);
        Builder.Topology
            .AddRepartitionTopic(registration.Name, null)
            .AddRepartitionTopic(response.Name, null)
            .AddProcessor($"{name}-subscription-registration-processor", () => new Subscribe<TKey, TValue, TForeignKey>(foreignKey, foreignKeys, values, left), Node)
            .AddSink($"{name}-subscription-registration-sink", registration, foreignKeys, new SubscriptionSerDes<TKey>(keys), ToForeignPartition, $"{name}-subscription-registration-processor")
            .AddSource($"{name}-subscription-registration-source", registration, foreignKeys, new SubscriptionSerDes<TKey>(keys))
            .AddProcessor($"{name}-subscription-receive", () => new ReceiveSubscription<TKey, TForeignKey>(store), $"{name}-subscription-registration-source")
            .AddProcessor($"{name}-subscription-join-foreign", () => new AnswerSubscription<TKey, TForeignKey, TOther>(theirs), $"{name}-subscription-receive")
            .ConnectProcessorAndStateStores($"{name}-subscription-join-foreign", [.. theirs.Stores])
            .AddProcessor($"{name}-foreign-join-subscription", () => new TellSubscribers<TKey, TForeignKey, TOther>(store), other.Node)
            .AddStateStore(
                new StoreBuilder<SubscriptionStore<TKey, TForeignKey>>(store, () => new SubscriptionStore<TKey, TForeignKey>(store, keys, foreignKeys)),
                $"{name}-subscription-receive",
                $"{name}-foreign-join-subscription")
            .AddSink<TKey, SubscriptionAnswer<TOther>>(
                $"{name}-subscription-response-sink", response, keys, new SubscriptionAnswerSerDes<TOther>(others), (in answer, _) => answer.Value.Partition,
                $"{name}-subscription-join-foreign", $"{name}-foreign-join-subscription")
            .AddSource($"{name}-subscription-response-source", response, keys, new SubscriptionAnswerSerDes<TOther>(others))
            .AddProcessor(
                $"{name}-subscription-response-resolver", () => new ResolveAnswer<TKey, TValue, TOther, TResult>(mine, values, joiner, left), $"{name}-subscription-response-source")
            .ConnectProcessorAndStateStores($"{name}-subscription-response-resolver", [.. mine.Stores]);
        var materialized = Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>.As($"{name}-result-store").WithKeySerdes(keys).WithValueSerdes(props.ResultSerDes);
        var result = KeptBy(materialized, $"{name}-result", now: false);
        Builder.Topology.AddProcessor($"{name}-result", () => new JoinResult<TKey, TResult>(result), $"{name}-subscription-response-resolver");
        return new KTable<TKey, TResult>(Builder, $"{name}-result", keys, props.ResultSerDes, result);
    }

    /// <summary>A row that points nowhere stays with its own partition's number, so that its answers keep their order.</summary>
    private static int ToForeignPartition<TForeignKey>(in Record<TForeignKey, Subscription<TKey>> record, int partitions) =>
        record.HasKey ? IRecordCollector.ByKey : record.Value.Partition % partitions;
}
