using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>Moves what is read of a task's changelogs on into its local log, in pieces.</summary>
internal sealed class ChangelogsToLog(TaskStateLog log, IReadOnlyList<ChangelogPartition> partitions)
{
    private const long PieceBytes = 1 << 20;

    public TaskStateLog Log { get; } = log;

    public bool HasPiece => Log.Buffer.Bytes >= PieceBytes;

    /// <summary>Something was read, if only control records, that the log does not know of.</summary>
    public bool HasMoved => !Log.Buffer.IsEmpty || partitions.Any(p => p.Position != Log.Positions[p.Index]);

    /// <param name="now">Unix milliseconds at which partitions that are at their end were so.</param>
    public void Write(long now)
    {
        Span<long> positions = stackalloc long[partitions.Count];
        var asOf = now;
        foreach (var partition in partitions)
        {
            positions[partition.Index] = partition.Position;
            if (!partition.AtEnd && partition.Position < partition.End)
                asOf = Math.Min(asOf, partition.LastTimestamp);
        }
        Log.ReadBack(positions, asOf);
    }
}
