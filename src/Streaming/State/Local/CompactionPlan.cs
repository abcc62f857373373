namespace Streams.Streaming.State.Local;

/// <summary>Which neighbouring segments to merge.</summary>
internal static class CompactionPlan
{
    /// <summary>
    /// All, when what came after the first (the live entries at the last full compaction) outweighs it: then at least as much is dead, or the state has
    /// doubled, and either pays for the rewriting. All but the first, when there are too many. Otherwise none.
    /// </summary>
    public static (int From, int Count) Choose(IReadOnlyList<long> bytes, long segmentBytes, int maxSegments)
    {
        if (bytes.Count < 2)
            return (0, 0);
        var after = bytes.Skip(1).Sum();
        if (after >= Math.Max(bytes[0], segmentBytes))
            return (0, bytes.Count);
        return bytes.Count > maxSegments ? (1, bytes.Count - 1) : (0, 0);
    }
}
