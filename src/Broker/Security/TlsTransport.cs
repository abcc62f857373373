using System.Net.Security;
using System.Net.Sockets;
using Streams.Broker.Network;

namespace Streams.Broker.Security;

/// <summary>An encrypted connection.</summary>
internal sealed class TlsTransport(SslStream stream, Socket socket) : ITransport
{
    public static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct) => stream.ReadAsync(buffer, ct);

    public ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct) => stream.WriteAsync(bytes, ct);

    public bool HasGone => SocketTransport.HasClosed(socket);

    public void Dispose() => stream.Dispose();
}
