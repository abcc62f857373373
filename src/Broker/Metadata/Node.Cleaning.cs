using Microsoft.Extensions.Logging;
using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>Compaction: beside the other maintenance, since a round over large logs takes its time.</summary>
internal sealed partial class Node
{
    /// <summary>One round over all compacted partitions.</summary>
    /// <exception cref="OperationCanceledException">Given up between two segments.</exception>
    public void Clean(CancellationToken ct = default)
    {
        var cleaner = new LogCleaner(Disk, Options.CleanerMapBytes);
        foreach (var log in Topics.SelectMany(t => t.Partitions)) Clean(cleaner, log, ct);
    }

    private void Clean(LogCleaner cleaner, PartitionLog log, CancellationToken ct)
    {
        try
        {
            if (cleaner.Clean(log, Now, ct) is { } cleaned) Options.Logger.LogCleaned(log.Topic, log.Partition, cleaned.EndOffset, cleaned.BytesBefore, cleaned.BytesAfter);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            Options.Logger.CleaningFailed(log.Topic, log.Partition, e);
        }
    }
}
