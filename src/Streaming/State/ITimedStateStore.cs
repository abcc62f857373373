namespace Streams.Streaming.State;

/// <summary>
/// A store that keeps its operator's time beside the state. The time goes into the changelog under a reserved key, in the same transaction as the state, so
/// what was late before a restart is late after it. (Kafka Streams keeps this time in memory only and forgets it.)
/// </summary>
public interface ITimedStateStore : IStateStore
{
    /// <summary>The highest time that the operator has seen, in the unit of its records (milliseconds); -1 before the first. It never goes back: setting an earlier time changes nothing.</summary>
    long ObservedStreamTime { get; set; }
}
