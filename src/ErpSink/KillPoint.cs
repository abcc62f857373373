namespace Streams.ErpSink;

/// <summary>
/// Named points of the way to the ERP at which tests and drills end the process: sink.after_plan, sink.before_offset_commit, sink.after_permit, sink.after_claim,
/// sink.after_attempt_row, sink.after_send, sink.after_created, sink.before_finish, sink.after_finish, sink.before_confirm, sink.after_confirm,
/// sink.before_publish, sink.after_publish.
/// </summary>
public static class KillPoint
{
    /// <summary>Called with the point and the instance that reached it; null in production.</summary>
    public static Action<string, string>? Hook { get; set; }

    internal static void Reached(string point, string instance) => Hook?.Invoke(point, instance);
}
