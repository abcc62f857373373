using System.Globalization;

namespace Streams.Broker.Log;

/// <summary>
/// The file of a segment. As written: <c>{partition}-{first offset}.log</c>; its batches follow each other without a gap, and its end is the next one's first offset.
/// Compacted: <c>{partition}-{first offset}-{end offset}.cleaned.log</c>; it stands for all offsets up to the end, which may be missing inside it. Where both kinds
/// cover an offset, the compacted one holds and the others are what a crash left to be deleted.
/// </summary>
internal readonly record struct SegmentName(string Path, long BaseOffset, long? CleanedEnd)
{
    private const string Suffix = ".log";
    private const string CleanedSuffix = ".cleaned.log";

    public static SegmentName Plain(string directory, int partition, long baseOffset) =>
        new(System.IO.Path.Combine(directory, FormattableString.Invariant($"{partition}-{baseOffset:D20}{Suffix}")), baseOffset, null);

    public static SegmentName Cleaned(string directory, int partition, long baseOffset, long end) =>
        new(System.IO.Path.Combine(directory, FormattableString.Invariant($"{partition}-{baseOffset:D20}-{end:D20}{CleanedSuffix}")), baseOffset, end);

    public static bool TryParse(string path, int partition, out SegmentName name)
    {
        name = default;
        var file = System.IO.Path.GetFileName(path.AsSpan());
        var cleaned = file.EndsWith(CleanedSuffix, StringComparison.Ordinal);
        if (!cleaned && !file.EndsWith(Suffix, StringComparison.Ordinal)) return false;
        var parts = file[..^(cleaned ? CleanedSuffix : Suffix).Length].ToString().Split('-');
        if (parts.Length != (cleaned ? 3 : 2) || !TryOffset(parts[0], out var number) || number != partition || !TryOffset(parts[1], out var start)) return false;
        if (!cleaned) name = new SegmentName(path, start, null);
        else if (TryOffset(parts[2], out var end) && end >= start) name = new SegmentName(path, start, end);
        return name.Path is not null;
    }

    private static bool TryOffset(string text, out long offset) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out offset);
}
