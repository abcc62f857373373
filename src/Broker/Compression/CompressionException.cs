namespace Streams.Broker.Compression;

/// <summary>Compressed bytes do not follow their format, or hold more than the reader allows.</summary>
internal sealed class CompressionException(string message, bool isTooLarge = false) : Exception(message)
{
    /// <summary>Whether the bytes were refused for their decompressed size alone.</summary>
    public bool IsTooLarge { get; } = isTooLarge;
}
