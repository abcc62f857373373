namespace Streams.Broker.Network;

/// <summary>The bytes of one connection, plain or encrypted.</summary>
internal interface ITransport : IDisposable
{
    /// <summary>Reads what is there, at least one byte; 0 when the peer has closed.</summary>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct);

    /// <summary>Whether the peer has closed, as far as can be told without reading.</summary>
    bool HasGone { get; }

    ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct);
}
