namespace Streams.Broker.Log;

/// <summary>The records inside a batch do not follow the format, or cannot be decompressed within the limit.</summary>
internal sealed class MalformedRecordsException(string message, Exception? cause = null) : Exception(message, cause);
