namespace Streams.Streaming;

/// <summary>The stream application cannot go on.</summary>
public sealed class StreamsException : Exception
{
    public StreamsException(string message)
        : base(message)
    {
    }

    public StreamsException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
