namespace Streams.Streaming.Runtime;

/// <summary>The transaction's outcome is failure or unknown: its producer must be thrown away and its tasks made anew.</summary>
internal sealed class BrokenTransactionException(string step, Exception cause) : Exception($"{step}: {cause.Message}", cause);
