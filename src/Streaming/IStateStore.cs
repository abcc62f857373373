namespace Streams.Streaming;

/// <summary>
/// The state of one task under one name. Kept in memory in whatever form suits the processor; made durable by its changelog topic
/// "&lt;application.id&gt;-&lt;store&gt;-changelog": <see cref="Flush"/> writes what changed since the last commit, coalesced, into the transaction that also
/// holds outputs and input offsets. After an abort the store is thrown away, made anew and restored.
/// </summary>
public interface IStateStore
{
    string Name { get; }

    /// <summary>Takes one changelog record back, in the order in which they were written. No value: the key was deleted.</summary>
    void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted);

    /// <summary>
    /// Takes a number of consecutive records back. The same as one by one; a store whose state is larger than the processor's caches can fetch ahead here what
    /// the records will touch.
    /// </summary>
    void Restore(ReadOnlySpan<ChangelogRecord> records)
    {
        foreach (ref readonly var record in records)
            Restore(record.Key, record.Value, record.IsDeleted);
    }

    /// <summary>Writes every change since the last call, at most one record per key.</summary>
    void Flush(IChangelog changelog);

    /// <summary>What the last <see cref="Flush"/> wrote is committed: whatever is shown to readers elsewhere can be shown now. On the task's thread.</summary>
    void Committed()
    {
    }
}

/// <summary>Takes a store's changes at commit.</summary>
public interface IChangelog
{
    void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    void Delete(ReadOnlySpan<byte> key);
}
