namespace Streams.Broker.Protocol;

/// <summary>A frame that does not follow the protocol; the connection that sent it is closed.</summary>
internal sealed class MalformedRequestException(string message) : Exception(message);
