using System.Globalization;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KStream<TKey, TValue>
{
    public void To(string topic, ISerDes<TKey>? keySerDes = null, ISerDes<TValue>? valueSerDes = null, StreamPartitioner<TKey, TValue>? partitioner = null, string? named = null)
    {
        var name = Builder.NameOf("KSTREAM-SINK-", named);
        Builder.Topology.AddSink(name, topic, KeySerDesOr(keySerDes, name), ValueSerDesOr(valueSerDes, name), partitioner, Node);
    }

    public void To(string topic, Produced<TKey, TValue> produced)
    {
        ArgumentNullException.ThrowIfNull(produced);
        To(topic, produced.KeySerDes, produced.ValueSerDes, produced.Partitioner, produced.Named);
    }

    public void To<TKeySerDes, TValueSerDes>(string topic, string? named = null)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() => To(topic, new TKeySerDes(), new TValueSerDes(), null, named);

    public void To(TopicNameExtractor<TKey, TValue> topicOf, Produced<TKey, TValue>? produced = null)
    {
        ArgumentNullException.ThrowIfNull(topicOf);
        var name = Builder.NameOf("KSTREAM-SINK-", produced?.Named);
        Builder.Topology.AddSink(name, topicOf, KeySerDesOr(produced?.KeySerDes, name), ValueSerDesOr(produced?.ValueSerDes, name), produced?.Partitioner, Node);
    }

    public IKStream<TKey, TValue> Repartition(Repartitioned<TKey, TValue> repartitioned)
    {
        ArgumentNullException.ThrowIfNull(repartitioned);
        return Builder.Repartition(
            this, repartitioned.Name, repartitioned.KeySerDes, repartitioned.ValueSerDes, repartitioned.NumberOfPartitions, repartitioned.Partitioner);
    }

    public IKStream<TKey, TValue> Merge(IKStream<TKey, TValue> stream, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        var other = (KStream<TKey, TValue>)stream;
        if (other.Builder != Builder)
            throw new TopologyException($"\"{Node}\" and \"{other.Node}\" come from two builders");
        var name = Builder.NameOf("KSTREAM-MERGE-", named);
        Builder.Topology.AddProcessor(name, () => new PassOn<TKey, TValue>(), Node, other.Node);
        return new KStream<TKey, TValue>(Builder, name, KeySerDes ?? other.KeySerDes, ValueSerDes ?? other.ValueSerDes, KeyChanged || other.KeyChanged);
    }

    public IKStream<TKey, TValue>[] Branch(params Func<TKey, TValue, bool>[] predicates) => BranchBy(null, predicates);

    public IKStream<TKey, TValue>[] Branch(string named, params Func<TKey, TValue, bool>[] predicates) => BranchBy(named, predicates);

    public IBranchedKStream<TKey, TValue> Split(string? named = null) => new BranchedKStream<TKey, TValue>(this, Builder.NameOf("KSTREAM-BRANCH-", named));

    private IKStream<TKey, TValue>[] BranchBy(string? named, Func<TKey, TValue, bool>[] predicates)
    {
        if (predicates.Length == 0)
            throw new ArgumentException("there is no predicate to branch by", nameof(predicates));
        var name = Builder.NameOf("KSTREAM-BRANCH-", named);
        string[] children = [.. predicates.Select((_, i) => Builder.NameOf("KSTREAM-BRANCHCHILD-", named is null ? null : string.Create(CultureInfo.InvariantCulture, $"{named}-predicate-{i}")))];
        var branches = new Branches<TKey, TValue>();
        for (var i = 0; i < predicates.Length; i++)
            branches.Add(children[i], predicates[i]);
        var parent = Then(name, () => new Branching<TKey, TValue>(branches), keyChanged: false);
        return [.. children.Select(child => parent.Then(child, () => new PassOn<TKey, TValue>(), keyChanged: false))];
    }
}
