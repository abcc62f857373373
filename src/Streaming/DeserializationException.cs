namespace Streams.Streaming;

/// <summary>A source could not read a record's key or value. Nothing was written for the record yet.</summary>
public sealed class DeserializationException(string message, Exception inner) : Exception(message, inner);
