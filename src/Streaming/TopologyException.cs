namespace Streams.Streaming;

/// <summary>The topology cannot be built; the message names the node at fault.</summary>
public sealed class TopologyException(string message) : Exception(message);
