namespace Streams.Streaming.Dsl.Internal;

/// <summary>The branches of a split in the order of their predicates.</summary>
internal sealed class Branches<TKey, TValue>
{
    private readonly List<(string Child, Func<TKey, TValue, bool> Predicate)> list = [];

    public int Count => list.Count;

    public string? Default { get; set; }

    public void Add(string child, Func<TKey, TValue, bool> predicate) => list.Add((child, predicate ?? throw new ArgumentNullException(nameof(predicate))));

    /// <summary>The child that a record goes to; null: none.</summary>
    public string? Of(TKey key, TValue value)
    {
        foreach (var (child, predicate) in list)
        {
            if (predicate(key, value))
                return child;
        }
        return Default;
    }
}

/// <summary>Sends each record to its branch. One that the predicates cannot be asked about matches none.</summary>
internal sealed class Branching<TKey, TValue>(Branches<TKey, TValue> branches) : Stateless<TKey, TValue, TKey, TValue>
{
    public override void Process(in Record<TKey, TValue> record)
    {
        if ((CanTake(in record) ? branches.Of(record.Key, record.Value) : branches.Default) is { } child)
            Context.Forward(in record, child);
    }
}
