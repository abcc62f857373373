namespace Streams.ErpSink;

/// <summary>
/// Named points of the way to the ERP at which tests and drills end the process: sink.after_plan, sink.before_offset_commit, sink.after_claim,
/// sink.after_attempt_row, sink.after_send, sink.before_confirm, sink.after_confirm, sink.before_publish, sink.after_publish; of the simulated ERP:
/// simulator.before_commit, simulator.after_commit.
/// </summary>
public static class KillPoint
{
    /// <summary>Called with the point and the instance that reached it; null in production.</summary>
    public static Action<string, string>? Hook { get; set; }

    internal static void Reached(string point, string instance) => Hook?.Invoke(point, instance);
}
