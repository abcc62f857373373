namespace Streams.Broker.Network;

/// <summary>The bytes of one connection, plain or encrypted.</summary>
internal interface ITransport : IDisposable
{
    /// <summary>Reads what is there, at least one byte; 0 when the peer has closed.</summary>
    ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct);

    ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct);
}
