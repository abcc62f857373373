namespace Streams.Streaming.Dsl;

/// <summary>
/// A stream being split (Kafka Streams' BranchedKStream): each record goes to the first branch whose predicate holds, else to the default branch, else nowhere.
/// Branches are called by the split's name and theirs, or their number from 1; the default branch's number is 0.
/// </summary>
public interface IBranchedKStream<TKey, TValue>
{
    IBranchedKStream<TKey, TValue> Branch(Func<TKey, TValue, bool> predicate, string? named = null);

    /// <summary>A branch that is handed on instead of being returned in the end.</summary>
    IBranchedKStream<TKey, TValue> Branch(Func<TKey, TValue, bool> predicate, Action<IKStream<TKey, TValue>> chain, string? named = null);

    /// <summary>Takes what matches no branch, and ends the splitting.</summary>
    /// <returns>The branches by their whole names.</returns>
    IReadOnlyDictionary<string, IKStream<TKey, TValue>> DefaultBranch(string? named = null);

    /// <summary>As the other; the default branch is handed on.</summary>
    IReadOnlyDictionary<string, IKStream<TKey, TValue>> DefaultBranch(Action<IKStream<TKey, TValue>> chain, string? named = null);

    /// <summary>Ends the splitting; what matches no branch ends here.</summary>
    IReadOnlyDictionary<string, IKStream<TKey, TValue>> NoDefaultBranch();
}
