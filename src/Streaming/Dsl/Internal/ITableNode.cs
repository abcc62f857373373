namespace Streams.Streaming.Dsl.Internal;

/// <summary>What later operators may ask of a table while the topology is described; its processors are made afterwards and go by it.</summary>
internal interface ITableNode<TKey, TValue>
{
    string? QueryableStoreName { get; }

    /// <summary>How other processors look values up. Asking keeps the table in its store.</summary>
    /// <exception cref="TopologyException">The table must be kept, and its store has no name.</exception>
    TableValues<TKey, TValue> Values { get; }

    /// <summary>See <see cref="KTable{TKey,TValue}.SendOldValues"/>.</summary>
    bool SendOldValues(bool keepIfNeeded);
}

/// <summary>A table about which nothing is left to decide.</summary>
internal sealed class FixedTable<TKey, TValue>(TableValues<TKey, TValue> values, string? storeName) : ITableNode<TKey, TValue>
{
    public string? QueryableStoreName => storeName;

    public TableValues<TKey, TValue> Values => values;

    public bool SendOldValues(bool keepIfNeeded) => true;
}
