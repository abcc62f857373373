using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KStream<TKey, TValue>
{
    public IKStream<TKey, TResult> Join<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TValue, TOther, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props) =>
        JoinStreams<TOther, TResult>(other, (_, left, right) => joiner(left!, right!), windows, props, leftOuter: false, rightOuter: false);

    public IKStream<TKey, TResult> Join<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TKey, TValue, TOther, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props) =>
        JoinStreams<TOther, TResult>(other, (key, left, right) => joiner(key, left!, right!), windows, props, leftOuter: false, rightOuter: false);

    public IKStream<TKey, TResult> LeftJoin<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TValue, TOther?, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props) =>
        JoinStreams<TOther, TResult>(other, (_, left, right) => joiner(left!, right), windows, props, leftOuter: true, rightOuter: false);

    public IKStream<TKey, TResult> LeftJoin<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TKey, TValue, TOther?, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props) =>
        JoinStreams<TOther, TResult>(other, (key, left, right) => joiner(key, left!, right), windows, props, leftOuter: true, rightOuter: false);

    public IKStream<TKey, TResult> OuterJoin<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TValue?, TOther?, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props) =>
        JoinStreams<TOther, TResult>(other, (_, left, right) => joiner(left, right), windows, props, leftOuter: true, rightOuter: true);

    public IKStream<TKey, TResult> OuterJoin<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TKey, TValue?, TOther?, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props) =>
        JoinStreams(other, joiner, windows, props, leftOuter: true, rightOuter: true);

    private KStream<TKey, TResult> JoinStreams<TOther, TResult>(
        IKStream<TKey, TOther> other,
        Func<TKey, TValue?, TOther?, TResult> joiner,
        JoinWindowOptions windows,
        StreamJoinProps<TKey, TValue, TOther> props,
        bool leftOuter,
        bool rightOuter)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(props.Name);
        var left = Partitioned($"{props.Name}-left", props.KeySerDes, props.LeftValueSerDes, leftOuter);
        var right = ((KStream<TKey, TOther>)other).Partitioned($"{props.Name}-right", props.KeySerDes, props.RightValueSerDes, rightOuter);
        return new StreamJoinGraph<TKey, TValue, TOther, TResult>(Builder, left, right, joiner, windows, props, leftOuter, rightOuter).Add();
    }
}

/// <summary>The nodes and stores of one join of streams.</summary>
internal sealed class StreamJoinGraph<TKey, TLeft, TRight, TResult>(
    StreamBuilder builder,
    KStream<TKey, TLeft> left,
    KStream<TKey, TRight> right,
    Func<TKey, TLeft?, TRight?, TResult> joiner,
    JoinWindowOptions windows,
    StreamJoinProps<TKey, TLeft, TRight> props,
    bool leftOuter,
    bool rightOuter)
{
    private readonly string thisStore = $"{props.Name}{(rightOuter ? "-outer" : "")}-this-join-store";
    private readonly string otherStore = $"{props.Name}{(leftOuter ? "-outer" : "")}-other-join-store";
    private readonly string? waitingStore = leftOuter || rightOuter ? $"{props.Name}{(rightOuter ? "-outer" : "-left")}-shared-join-store" : null;
    private readonly ISerDes<TKey> keys = left.KeySerDesOr(props.KeySerDes ?? right.KeySerDes, props.Name);
    private readonly ISerDes<TLeft> lefts = left.ValueSerDesOr(props.LeftValueSerDes, props.Name);
    private readonly ISerDes<TRight> rights = right.ValueSerDesOr(props.RightValueSerDes, props.Name);

    public KStream<TKey, TResult> Add()
    {
        var thisWindowed = left.Then(Named("KSTREAM-WINDOWED-", "-this-windowed"), () => new RememberForJoin<TKey, TLeft>(thisStore), keyChanged: false).Node;
        var otherWindowed = right.Then(Named("KSTREAM-WINDOWED-", "-other-windowed"), () => new RememberForJoin<TKey, TRight>(otherStore), keyChanged: false).Node;
        var thisJoin = Named("KSTREAM-JOINTHIS-", rightOuter ? "-outer-this-join" : "-this-join");
        var otherJoin = Named("KSTREAM-JOINOTHER-", leftOuter ? "-outer-other-join" : "-other-join");
        var merge = Named("KSTREAM-MERGE-", "-merge");
        var leftSide = new JoinSide(IsLeft: true, leftOuter, otherStore, waitingStore, windows);
        var rightSide = new JoinSide(IsLeft: false, rightOuter, thisStore, waitingStore, windows);
        builder.Topology
            .AddProcessor(thisJoin, () => new StreamJoin<TKey, TLeft, TRight, TResult>(leftSide, (key, mine, others) => joiner(key, mine, others), Unmatched), thisWindowed)
            .AddProcessor(otherJoin, () => new StreamJoin<TKey, TRight, TLeft, TResult>(rightSide, (key, mine, others) => joiner(key, others, mine), Unmatched), otherWindowed)
            .AddProcessor(merge, () => new PassOn<TKey, TResult>(), thisJoin, otherJoin)
            .AddStateStore(Window(thisStore, lefts), thisWindowed, otherJoin)
            .AddStateStore(Window(otherStore, rights), otherWindowed, thisJoin);
        if (waitingStore is not null)
            builder.Topology.AddStateStore(Waiting(waitingStore), thisJoin, otherJoin);
        return new KStream<TKey, TResult>(builder, merge, keys, lefts as ISerDes<TResult> ?? rights as ISerDes<TResult>);
    }

    private string Named(string prefix, string suffix) => builder.NameOf(prefix, props.Name + suffix);

    private TResult Unmatched(TKey key, WaitingRecord<TKey> record) =>
        record.IsLeft ? joiner(key, (TLeft?)record.Value, default) : joiner(key, default, (TRight?)record.Value);

    private IStoreBuilder Window<TValue>(string name, ISerDes<TValue> values)
    {
        var size = TimeSpan.FromMilliseconds(Math.Max(1, windows.SizeMs));
        var retention = TimeSpan.FromMilliseconds(Math.Max(1, windows.SizeMs + windows.GraceMs));
        return Logged(Stores.WindowStoreBuilder(Stores.InMemoryWindowStore(name, retention, size, retainDuplicates: true), keys, values));
    }

    private IStoreBuilder Waiting(string name) =>
        Logged(new StoreBuilder<WaitingRecords<TKey, TLeft, TRight>>(name, () => new WaitingRecords<TKey, TLeft, TRight>(name, keys, lefts, rights)));

    private IStoreBuilder Logged<TStore>(StoreBuilder<TStore> store)
        where TStore : IStateStore => props.LoggingEnabled ? store : store.WithLoggingDisabled();
}

/// <summary>Where two ways of records meet.</summary>
internal sealed class PassOn<TKey, TValue> : IProcessor<TKey, TValue, TKey, TValue>
{
    private IProcessorContext<TKey, TValue> context = null!;

    public void Init(IProcessorContext<TKey, TValue> context) => this.context = context;

    public void Process(in Record<TKey, TValue> record) => context.Forward(in record);
}
