using System.Buffers.Binary;
using System.Globalization;

namespace Streams.Streaming.State.Local;

/// <summary>
/// A file of the log. Its name says which frames it holds: "from" alone for one that was appended to, "from-to" for one that a compaction made of all
/// frames from.. to. Whatever lies within a merged file's range is superseded by it, so that renaming it into place is the whole swap.
/// </summary>
internal readonly record struct SegmentName(long From, long To)
{
    private const string Extension = ".log";

    public bool IsMerged => To >= 0;

    public static SegmentName? Parse(string name)
    {
        if (!name.EndsWith(Extension, StringComparison.Ordinal))
            return null;
        var parts = name[..^Extension.Length].Split('-');
        if (parts.Length > 2 || !Number(parts[0], out var from))
            return null;
        if (parts.Length == 1)
            return new SegmentName(from, -1);
        return Number(parts[1], out var to) && to >= from ? new SegmentName(from, to) : null;
    }

    public override string ToString() => IsMerged
        ? string.Create(CultureInfo.InvariantCulture, $"{From:d19}-{To:d19}{Extension}") : string.Create(CultureInfo.InvariantCulture, $"{From:d19}{Extension}");

    private static bool Number(string text, out long value) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && text.Length == 19;
}

/// <summary>A segment as far as it is valid: its bytes up to the end of its last commit, and what that commit says.</summary>
/// <param name="Previous">The link of the segment before it; 0 for the first.</param>
/// <param name="Link">The check sum of its last commit, or of the last one that was merged into it.</param>
internal sealed record Segment(SegmentName Name, uint Previous, uint Link, long Bytes, long NextSequence, long[] Positions, long WrittenAt);

/// <summary>
/// The head of a segment: magic, length, CRC-32C, format version, the frames' range, links, whose log it is. A segment goes on from one certain commit: if
/// damage that cut a log short should disappear again, what was written after the cut does not fit any more.
/// </summary>
internal static class SegmentHead
{
    /// <summary>Of this format; another version is not read but wiped: the changelog has everything.</summary>
    public const int Version = 1;
    private const uint Magic = 0x31474F4C;
    private const int Fixed = 40;
    private const int MaxLength = 1 << 20;

    public static int Length(LogIdentity identity) => Fixed + identity.Bytes.Length;

    /// <param name="link">For a merged segment; 0 for one that is appended to.</param>
    public static byte[] Write(SegmentName name, LogIdentity identity, uint previous, uint link)
    {
        var head = new byte[Length(identity)];
        BinaryPrimitives.WriteUInt32LittleEndian(head, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), head.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(12), Version);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(16), name.From);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(24), name.To);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(32), previous);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(36), link);
        identity.Bytes.CopyTo(head, Fixed);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(8), Crc32C.Compute(head.AsSpan(12)));
        return head;
    }

    /// <summary>The link it holds, or null when the head is not exactly what is expected.</summary>
    public static uint? Check(IStateFile file, SegmentName name, LogIdentity identity, uint previous)
    {
        var head = new byte[Length(identity)];
        if (file.Read(head, 0) != head.Length)
            return null;
        var link = BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(36));
        return head.AsSpan().SequenceEqual(Write(name, identity, previous, link)) ? link : null;
    }

    /// <summary>Whether the head is whole and tells of another log, or of a format that is not known here.</summary>
    public static bool IsForeign(IStateFile file, LogIdentity identity)
    {
        var head = new byte[Fixed];
        if (file.Read(head, 0) < Fixed || BinaryPrimitives.ReadUInt32LittleEndian(head) != Magic)
            return false;
        var length = BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4));
        if (length < Fixed || length > Math.Min(file.Length, MaxLength))
            return false;
        head = new byte[length];
        file.Read(head, 0);
        return BinaryPrimitives.ReadUInt32LittleEndian(head.AsSpan(8)) == Crc32C.Compute(head.AsSpan(12))
            && (BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(12)) != Version || !head.AsSpan(Fixed).SequenceEqual(identity.Bytes));
    }
}
