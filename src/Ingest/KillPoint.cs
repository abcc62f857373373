namespace Streams.Ingest;

/// <summary>Named points of an import at which tests and drills end the process: import.after_event (n: behind the n-th event), import.before_drain, import.after_drain.</summary>
public static class KillPoint
{
    /// <summary>Called with the point that was reached; null in production.</summary>
    public static Action<string>? Hook { get; set; }

    internal static void Reached(string point) => Hook?.Invoke(point);
}
