namespace Streams.Ingest.Files;

/// <summary>A line cannot be taken apart as its format says.</summary>
sealed class LineRefusedException(string reason) : Exception(reason);

/// <summary>A mapping or file that cannot be imported at all; nothing was published unless the message says so.</summary>
public sealed class ImportException(string message, Exception? inner = null) : Exception(message, inner);
