namespace Streams.Simulators;

/// <summary>Named points at which tests and drills end the simulated ERP: simulator.before_commit, simulator.after_commit.</summary>
public static class KillPoint
{
    /// <summary>Called with the point and who reached it; null outside drills.</summary>
    public static Action<string, string>? Hook { get; set; }

    internal static void Reached(string point, string instance) => Hook?.Invoke(point, instance);
}
