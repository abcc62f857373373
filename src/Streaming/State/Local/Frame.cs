using System.Buffers.Binary;

namespace Streams.Streaming.State.Local;

/// <summary>
/// The log's unit: length, CRC-32C of what follows, sequence number, flags, entries. A commit is one frame or several; the last is marked and ends with
/// the time and, for each store, the changelog offset up to which the log then holds everything. Frames without such an end count for nothing.
/// </summary>
internal static class Frame
{
    /// <summary>Usual size; one entry that is larger has a frame of its own.</summary>
    public const int Size = 1 << 20;
    public const int Head = 24;
    public const int EntryHead = 8;
    public const int MaxKey = (1 << 24) - 1;
    private const uint CommitFlag = 1;

    public static int TrailSize(int stores) => checked(8 + 8 * stores);

    public static int Length(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt32LittleEndian(frame);

    public static uint CheckSum(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]);

    public static bool IsCommit(ReadOnlySpan<byte> frame) => (BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]) & CommitFlag) != 0;

    public static int EntryCount(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt32LittleEndian(frame[20..]);

    /// <summary>Whether these bytes are the frame of that number, whole.</summary>
    public static bool IsValid(ReadOnlySpan<byte> frame, long sequence, int stores) =>
        CheckSum(frame) == Crc32C.Compute(frame[8..])
        && BinaryPrimitives.ReadInt64LittleEndian(frame[8..]) == sequence
        && (!IsCommit(frame) || frame.Length >= Head + TrailSize(stores));

    /// <summary>Completes a frame whose entries stand in place; for a commit the trail's room must be free behind them.</summary>
    /// <returns>The frame's length.</returns>
    public static int Seal(Span<byte> frame, int entriesEnd, int entries, long sequence)
    {
        Write(frame[..entriesEnd], entries, sequence, 0);
        return entriesEnd;
    }

    /// <inheritdoc cref="Seal"/>
    public static int SealCommit(Span<byte> frame, int entriesEnd, int entries, long sequence, ReadOnlySpan<long> positions, long writtenAt)
    {
        var trail = frame.Slice(entriesEnd, TrailSize(positions.Length));
        BinaryPrimitives.WriteInt64LittleEndian(trail, writtenAt);
        for (var i = 0; i < positions.Length; i++)
            BinaryPrimitives.WriteInt64LittleEndian(trail[(8 + 8 * i)..], positions[i]);
        var length = entriesEnd + trail.Length;
        Write(frame[..length], entries, sequence, CommitFlag);
        return length;
    }

    public static long ReadTrail(ReadOnlySpan<byte> commit, Span<long> positions)
    {
        var trail = commit[^TrailSize(positions.Length)..];
        for (var i = 0; i < positions.Length; i++)
            positions[i] = BinaryPrimitives.ReadInt64LittleEndian(trail[(8 + 8 * i)..]);
        return BinaryPrimitives.ReadInt64LittleEndian(trail);
    }

    public static Entries EntriesOf(ReadOnlySpan<byte> frame, int stores) => new(frame[Head..(IsCommit(frame) ? frame.Length - TrailSize(stores) : frame.Length)]);

    private static void Write(Span<byte> frame, int entries, long sequence, uint flags)
    {
        BinaryPrimitives.WriteInt32LittleEndian(frame, frame.Length);
        BinaryPrimitives.WriteInt64LittleEndian(frame[8..], sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[16..], flags);
        BinaryPrimitives.WriteInt32LittleEndian(frame[20..], entries);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Crc32C.Compute(frame[8..]));
    }
}

/// <summary>The entries of a frame in their order: store (8 bits) and key length (24), value length or -1 for a deletion, key, value.</summary>
internal ref struct Entries(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> rest = bytes;

    public int Store { get; private set; }

    public bool Deleted { get; private set; }

    public ReadOnlySpan<byte> Key { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>The entry as it stands in the frame.</summary>
    public ReadOnlySpan<byte> Raw { get; private set; }

    public bool Next()
    {
        if (rest.IsEmpty)
            return false;
        var first = BinaryPrimitives.ReadUInt32LittleEndian(rest);
        var valueLength = BinaryPrimitives.ReadInt32LittleEndian(rest[4..]);
        var keyLength = (int)(first & Frame.MaxKey);
        Store = (int)(first >> 24);
        Deleted = valueLength < 0;
        var length = Frame.EntryHead + keyLength + Math.Max(0, valueLength);
        Raw = rest[..length];
        Key = Raw.Slice(Frame.EntryHead, keyLength);
        Value = Deleted ? default : Raw[(Frame.EntryHead + keyLength)..];
        rest = rest[length..];
        return true;
    }

    public static void Write(Span<byte> into, int store, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, ((uint)store << 24) | (uint)key.Length);
        BinaryPrimitives.WriteInt32LittleEndian(into[4..], deleted ? -1 : value.Length);
        key.CopyTo(into[Frame.EntryHead..]);
        value.CopyTo(into[(Frame.EntryHead + key.Length)..]);
    }
}
