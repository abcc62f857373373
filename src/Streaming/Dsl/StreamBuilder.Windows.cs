using Streams.Streaming.Dsl.Internal;

namespace Streams.Streaming.Dsl;

public sealed partial class StreamBuilder
{
    private readonly Dictionary<string, WindowKind> windowsOf = new(StringComparer.Ordinal);

    /// <summary>Notes that a node cuts its records into windows.</summary>
    internal void AddWindows(string node, WindowKind windows) => windowsOf.Add(node, windows);

    /// <summary>The windows that a table's keys come from: those of the nearest windowed node among its node and what is above it; null when there is none.</summary>
    internal WindowKind? WindowsAbove(string node)
    {
        if (windowsOf.TryGetValue(node, out var windows))
            return windows;
        foreach (var parent in Topology.ParentsOf(node))
        {
            if (WindowsAbove(parent) is { } above)
                return above;
        }
        return null;
    }
}
