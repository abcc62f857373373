namespace Streams.Streaming.Dsl;

public partial interface IKTable<TKey, TValue>
{
    /// <summary>
    /// Holds updates back. What is due is emitted by the records (and time markers) that reach this operator, in the order of the times at which it became due and of the
    /// keys' bytes, with the time of the update itself. The buffer and its time are kept in a store; the operator must be named.
    /// </summary>
    /// <param name="named">In place of <see cref="Suppressed.WithName"/>.</param>
    /// <exception cref="TopologyException">No name; no serializer; the keys are no windows where they should be closed.</exception>
    IKTable<TKey, TValue> Suppress(Suppressed suppressed, string? named = null);
}
