namespace Streams.Broker;

/// <summary>
/// Named points of the broker's way at which tests and drills end the process: broker.before_append, broker.after_append, broker.before_fsync,
/// broker.after_fsync, broker.after_journal_entry, broker.after_journal_fsync, broker.before_decision, broker.after_decision, broker.after_marker,
/// broker.after_markers, broker.after_completion.
/// </summary>
public static class KillPoint
{
    /// <summary>Called with the point that was reached; null in production.</summary>
    public static Action<string>? Hook { get; set; }

    internal static void Reached(string point) => Hook?.Invoke(point);
}
