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

    public bool HasGone => HasClosed(socket);

    public void Dispose() => socket.Dispose();

    /// <summary>Readable without a byte to read means closed; a socket that was disposed here is gone as well.</summary>
    public static bool HasClosed(Socket socket)
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }
}
