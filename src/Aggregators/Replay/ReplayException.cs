namespace Streams.Aggregators.Replay;

/// <summary>A replay that would prove nothing: what it needs is not on record any more, or never was. The message says what.</summary>
public sealed class ReplayException(string message) : Exception(message);
