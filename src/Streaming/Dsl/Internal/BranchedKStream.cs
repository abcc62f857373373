using System.Globalization;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A stream being split; the splitting node exists from the start, and learns of its branches as they are declared.</summary>
internal sealed class BranchedKStream<TKey, TValue> : IBranchedKStream<TKey, TValue>
{
    private readonly KStream<TKey, TValue> parent;
    private readonly string name;
    private readonly Branches<TKey, TValue> branches = new();
    private readonly Dictionary<string, IKStream<TKey, TValue>> streams = new(StringComparer.Ordinal);

    public BranchedKStream(KStream<TKey, TValue> stream, string name)
    {
        this.name = name;
        parent = stream.Then(name, () => new Branching<TKey, TValue>(branches), keyChanged: false);
    }

    public IBranchedKStream<TKey, TValue> Branch(Func<TKey, TValue, bool> predicate, string? named = null)
    {
        var (child, stream) = Add(predicate, named);
        streams.Add(child, stream);
        return this;
    }

    public IBranchedKStream<TKey, TValue> Branch(Func<TKey, TValue, bool> predicate, Action<IKStream<TKey, TValue>> chain, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(chain);
        chain(Add(predicate, named).Stream);
        return this;
    }

    public IReadOnlyDictionary<string, IKStream<TKey, TValue>> DefaultBranch(string? named = null)
    {
        var (child, stream) = AddDefault(named);
        streams.Add(child, stream);
        return streams;
    }

    public IReadOnlyDictionary<string, IKStream<TKey, TValue>> DefaultBranch(Action<IKStream<TKey, TValue>> chain, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(chain);
        chain(AddDefault(named).Stream);
        return streams;
    }

    public IReadOnlyDictionary<string, IKStream<TKey, TValue>> NoDefaultBranch() => streams;

    private (string Child, KStream<TKey, TValue> Stream) Add(Func<TKey, TValue, bool> predicate, string? named)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        if (branches.Default is not null)
            throw new TopologyException($"\"{name}\" is split completely: its default branch is declared");
        var child = Child(named, branches.Count + 1);
        branches.Add(child, predicate);
        return (child, PassOn(child));
    }

    private (string Child, KStream<TKey, TValue> Stream) AddDefault(string? named)
    {
        if (branches.Default is not null)
            throw new TopologyException($"\"{name}\" has a default branch already");
        var child = Child(named, 0);
        branches.Default = child;
        return (child, PassOn(child));
    }

    // Kafka Streams uses up a number for each branch, though the branch is not called by it.
    private string Child(string? named, int number) => name + parent.Builder.NameOf("", named ?? number.ToString(CultureInfo.InvariantCulture));

    private KStream<TKey, TValue> PassOn(string child) => parent.Then(child, () => new PassOn<TKey, TValue>(), keyChanged: false);
}
