using System.Globalization;

namespace Streams.Streaming.State.Local;

/// <summary>Whether a log's positions can be gone on from.</summary>
internal static class StoredPositions
{
    /// <summary>How long a broker keeps a deletion in a compacted topic (delete.retention.ms) where no setting says otherwise.</summary>
    private static readonly TimeSpan DefaultDeleteRetention = TimeSpan.FromHours(24);

    /// <summary>The reason why everything must come from the changelog, or null. By store: where its changelog begins and ends.</summary>
    public static string? WhyUnusable(TaskStateLog log, IReadOnlyList<long> starts, IReadOnlyList<long> ends, StreamConfig config)
    {
        if (log.IsEmpty)
            return null;
        var hasTail = false;
        for (var i = 0; i < starts.Count; i++)
        {
            var position = log.Positions[i];
            if (position > ends[i])
                return string.Create(CultureInfo.InvariantCulture, $"it holds a changelog up to offset {position} that ends at {ends[i]}");
            if (position < starts[i])
                return string.Create(CultureInfo.InvariantCulture, $"it ends at offset {position} of a changelog that begins at {starts[i]}");
            hasTail |= position < ends[i];
        }
        // Deletions in the part to be read may have been compacted away; the local entries would then stay for ever.
        var age = config.TimeProvider.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(log.WrittenAt);
        return hasTail && age > DeleteRetention(config) / 2 ? $"it is {age} old, and deletions may be missing in the changelog by now" : null;
    }

    private static TimeSpan DeleteRetention(StreamConfig config) =>
        config.ChangelogTopicSettings.TryGetValue("delete.retention.ms", out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(milliseconds) : DefaultDeleteRetention;
}
