namespace Streams.Streaming.State.Local;

/// <summary>What the open transaction has written to a task's changelogs, already in the log's form. Reused from commit to commit.</summary>
internal sealed class CommitBuffer(int stores)
{
    private const int Kept = 4;
    private readonly List<Block> blocks = [];
    private readonly long[] records = new long[stores];
    private readonly int trail = Frame.TrailSize(stores);
    private Block? current;
    private int used;

    /// <summary>Records by store since <see cref="Clear"/>.</summary>
    public ReadOnlySpan<long> Records => records;

    public bool IsEmpty => used == 0;

    /// <summary>Bytes of entries.</summary>
    public long Bytes { get; private set; }

    /// <summary>A key was longer than the log's form can say (16 MiB): the commit cannot be logged.</summary>
    public bool Refused { get; private set; }

    public void Add(int store, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (key.Length > Frame.MaxKey)
        {
            Refused = true;
            return;
        }
        var length = Frame.EntryHead + key.Length + (deleted ? 0 : value.Length);
        if (current is null || current.Bytes.Length - current.End < length + trail)
            current = NextBlock(length);
        Entries.Write(current.Bytes.AsSpan(current.End, length), store, key, value, deleted);
        current.End += length;
        current.Entries++;
        records[store]++;
        Bytes += length;
    }

    /// <summary>The entry in the log's own form, from another log.</summary>
    public void AddRaw(ReadOnlySpan<byte> raw)
    {
        if (current is null || current.Bytes.Length - current.End < raw.Length + trail)
            current = NextBlock(raw.Length);
        raw.CopyTo(current.Bytes.AsSpan(current.End));
        current.End += raw.Length;
        current.Entries++;
        Bytes += raw.Length;
    }

    public void Clear()
    {
        // What an unusually large commit needed is given back.
        if (blocks.Count > Kept)
            blocks.RemoveRange(Kept, blocks.Count - Kept);
        blocks.RemoveAll(b => b.Bytes.Length > Frame.Size);
        for (var i = 0; i < blocks.Count; i++)
            blocks[i].Reset();
        Array.Clear(records);
        (current, used, Bytes, Refused) = (null, 0, 0, false);
    }

    /// <summary>Writes everything as one commit.</summary>
    /// <returns>The position behind it, the next sequence number, and the commit's check sum.</returns>
    public (long At, long Sequence, uint CheckSum) WriteCommit(IStateFile file, long at, long sequence, ReadOnlySpan<long> positions, long writtenAt)
    {
        current ??= NextBlock(0);
        at = WriteFrames(file, at, ref sequence, used - 1);
        var last = blocks[used - 1];
        var length = Frame.SealCommit(last.Bytes, last.End, last.Entries, sequence, positions, writtenAt);
        file.Write(last.Bytes.AsSpan(0, length), at);
        return (at + length, sequence + 1, Frame.CheckSum(last.Bytes));
    }

    /// <summary>Writes full frames and keeps what a commit needs for its end: for commits that are too large to be held whole.</summary>
    public long WriteFullFrames(IStateFile file, long at, ref long sequence)
    {
        if (used < Kept)
            return at;
        at = WriteFrames(file, at, ref sequence, used);
        Clear();
        return at;
    }

    private long WriteFrames(IStateFile file, long at, ref long sequence, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var block = blocks[i];
            var length = Frame.Seal(block.Bytes, block.End, block.Entries, sequence++);
            file.Write(block.Bytes.AsSpan(0, length), at);
            at += length;
        }
        return at;
    }

    private Block NextBlock(int entry)
    {
        var size = checked(Frame.Head + entry + trail);
        if (used == blocks.Count || size > blocks[used].Bytes.Length)
            blocks.Insert(used, new Block(GC.AllocateUninitializedArray<byte>(Math.Max(size, SizeOf(used)))));
        return blocks[used++];
    }

    /// <summary>Small tasks keep small buffers: 16 KiB, 64 KiB, 256 KiB, then whole frames.</summary>
    private static int SizeOf(int block) => Frame.Size >> Math.Max(0, 6 - 2 * block);

    private sealed class Block(byte[] bytes)
    {
        public byte[] Bytes { get; } = bytes;

        public int End { get; set; } = Frame.Head;

        public int Entries { get; set; }

        public void Reset() => (End, Entries) = (Frame.Head, 0);
    }
}
