namespace Streams.Streaming;

/// <summary>
/// Named points of a task's way at which tests and drills end the process: stream.after_poll, stream.before_commit, stream.after_flush,
/// stream.after_send_offsets, stream.after_commit, stream.before_init_transactions, stream.after_init_transactions, stream.before_restore,
/// stream.during_restore, stream.after_restore, stream.after_local_append. None of them is passed more than once a batch of records.
/// </summary>
public static class KillPoint
{
    /// <summary>Called with the point that was reached; null in production.</summary>
    public static Action<string>? Hook { get; set; }

    internal static void Reached(string point) => Hook?.Invoke(point);
}
