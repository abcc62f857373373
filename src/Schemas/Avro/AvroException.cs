namespace Streams.Schemas.Avro;

/// <summary>Avro data or an Avro schema that cannot be read: the message says what was expected, what was found and where.</summary>
public sealed class AvroException(string message, Exception? inner = null) : Exception(message, inner);
