namespace Streams.Testing;

/// <summary>How much the long checks do: a daily share, or all of it (STREAMS_TIER=full, which CI sets).</summary>
public static class Tier
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("STREAMS_TIER") == "full";

    /// <summary>A count for this run: how many states, frames, operations to check.</summary>
    public static int Of(int daily, int full) => IsFull ? full : daily;
}
