using System.Net.Sockets;

namespace Streams.Broker.Network;

/// <summary>A plain connection.</summary>
internal sealed class SocketTransport(Socket socket) : ITransport
{
    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken ct) => socket.ReceiveAsync(buffer, SocketFlags.None, ct);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken ct)
    {
        while (bytes.Length > 0) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, ct)..];
    }

    public void Dispose() => socket.Dispose();
}
