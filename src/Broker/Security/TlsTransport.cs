using System.Net.Security;
using Streams.Broker.Network;

namespace Streams.Broker.Security;

/// <summary>An encrypted connection.</summary>
internal sealed class TlsTransport(SslStream stream) : ITransport
{
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct) => stream.ReadAsync(buffer, ct);

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct) => stream.WriteAsync(bytes, ct);

    public void Dispose() => stream.Dispose();
}
