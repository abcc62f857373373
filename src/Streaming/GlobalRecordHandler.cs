namespace Streams.Streaming;

/// <summary>
/// Takes one record of a global store's topic, from the one thread that follows the topic while tasks run on others: what it builds must be safe to read meanwhile.
/// </summary>
/// <param name="deleted">The record is a tombstone: the key was deleted.</param>
public delegate void GlobalRecordHandler(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted);
