using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>A connection that sends bytes and receives whole answers, with their lengths.</summary>
internal sealed class RawConnection(Socket socket) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<RawConnection> OpenAsync(string address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPEndPoint.Parse(address));
        return new RawConnection(socket);
    }

    public static byte[] Framed(byte[] body)
    {
        var frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        return frame;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await socket.SendAsync(bytes)..];
    }

    public async Task<byte[]> ReceiveAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        var prefix = new byte[4];
        await FillAsync(prefix, deadline.Token);
        var frame = new byte[4 + BinaryPrimitives.ReadInt32BigEndian(prefix)];
        prefix.CopyTo(frame, 0);
        await FillAsync(frame.AsMemory(4), deadline.Token);
        return frame;
    }

    public void Dispose() => socket.Dispose();

    private async Task FillAsync(Memory<byte> buffer, CancellationToken ct)
    {
        while (buffer.Length > 0)
        {
            var read = await socket.ReceiveAsync(buffer, ct);
            if (read == 0) throw new EndOfStreamException("the broker closed the connection");
            buffer = buffer[read..];
        }
    }
}
