namespace Streams.Streaming.State;

/// <summary>What is known of a store's entry.</summary>
[Flags]
internal enum RowState : byte
{
    /// <summary>The row is free.</summary>
    None = 0,

    /// <summary>It has a value. An entry without one was deleted and waits for the next flush to say so.</summary>
    Live = 1,

    /// <summary>It changed since the last flush.</summary>
    Dirty = 2,

    /// <summary>The changelog has a value for it, so that its end needs a tombstone.</summary>
    Logged = 4,
}
