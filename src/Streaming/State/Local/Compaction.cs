namespace Streams.Streaming.State.Local;

/// <summary>
/// Writes neighbouring segments anew as one, of each key the last entry, in the order in which those stood. One reading or several find the last entries
/// (by ranges of key hashes, so that memory is bounded), one more copies them. The result is a file of its own, synced, then renamed into place.
/// </summary>
/// <param name="keepDeletions">There are older segments in which the key may still stand.</param>
/// <param name="cancelled">Asked once a frame.</param>
internal sealed class Compaction(
    IStateFiles files, string folder, LogIdentity identity, LocalLogOptions options, bool keepDeletions, Func<bool> cancelled)
{
    private const string Unfinished = "merge.tmp";

    /// <summary>The merged segment, or null when it was cancelled.</summary>
    /// <exception cref="IOException">A segment is damaged, or the disk failed; the old segments are as they were.</exception>
    public Segment? Run(IReadOnlyList<Segment> segments)
    {
        var live = FindLast(segments);
        if (live is null)
            return null;
        var last = segments[^1];
        var name = new SegmentName(segments[0].Name.From, last.NextSequence - 1);
        var temporary = Path.Combine(folder, Unfinished);
        long bytes;
        using (var file = files.Create(temporary))
        {
            bytes = Copy(segments, live, file, name);
            if (bytes < 0)
                return null;
            file.Sync();
        }
        files.Rename(temporary, Path.Combine(folder, name.ToString()));
        files.SyncDirectory(folder);
        return new Segment(name, segments[0].Previous, last.Link, bytes, last.NextSequence, last.Positions, last.WrittenAt);
    }

    private Bits? FindLast(IReadOnlyList<Segment> segments)
    {
        var live = new Bits();
        var table = new LastEntries(options.KeysPerPass);
        while (!table.IsComplete)
        {
            table.NextPass();
            var noted = Read(segments, (entries, ordinal) =>
            {
                table.Set(entries.Store, entries.Key, ordinal);
            });
            if (!noted)
                return null;
            table.Mark(live);
        }
        return live;
    }

    private long Copy(IReadOnlyList<Segment> segments, Bits live, IStateFile file, SegmentName name)
    {
        var last = segments[^1];
        var buffer = new CommitBuffer(identity.StoreCount);
        var head = SegmentHead.Write(name, identity, segments[0].Previous, last.Link);
        file.Write(head, 0);
        long at = head.Length, sequence = name.From;
        var copied = Read(segments, (entries, ordinal) =>
        {
            if (live[ordinal] && (keepDeletions || !entries.Deleted))
                buffer.AddRaw(entries.Raw);
            at = buffer.WriteFullFrames(file, at, ref sequence);
        });
        return copied ? buffer.WriteCommit(file, at, sequence, last.Positions, last.WrittenAt).At : -1;
    }

    private bool Read(IReadOnlyList<Segment> segments, EntryAction action)
    {
        using var reader = new FrameReader(identity.StoreCount);
        var ordinal = 0L;
        foreach (var segment in segments)
        {
            var file = files.Open(Path.Combine(folder, segment.Name.ToString()));
            reader.Start(file, SegmentHead.Length(identity), segment.Name.From, segment.Bytes);
            while (reader.Next(verify: true))
            {
                if (cancelled())
                    return false;
                var entries = Frame.EntriesOf(reader.Current, identity.StoreCount);
                while (entries.Next())
                    action(entries, ordinal++);
            }
            if (reader.At != segment.Bytes)
                throw new IOException($"local state {Path.Combine(folder, segment.Name.ToString())} is damaged at {reader.At}");
        }
        return true;
    }

    private delegate void EntryAction(scoped Entries entries, long ordinal);
}
