using System.Buffers.Binary;
using System.Net.Sockets;

namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary>One connection through the proxy.</summary>
internal sealed class ProxyLink(Socket client, Socket server, int serverPort, int proxyPort) : IDisposable
{
    private volatile bool _cutResponse;
    private volatile bool _cutRequest;
    private volatile Task _stall = Task.CompletedTask;

    public void CutNextResponse() => _cutResponse = true;

    public void CutNextRequest() => _cutRequest = true;

    /// <summary>Nothing goes either way for a while; what waits is then delivered, or lost with the connection.</summary>
    public void Stall(TimeSpan time, bool resetAfterwards) => _stall = resetAfterwards ? Task.Delay(time).ContinueWith(_ => Reset(), TaskScheduler.Default) : Task.Delay(time);

    public void Reset()
    {
        foreach (var socket in new[] { client, server })
        {
            try
            {
                socket.LingerState = new LingerOption(true, 0);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Closed already.
            }
            socket.Dispose();
        }
    }

    public async Task CarryAsync()
    {
        client.NoDelay = server.NoDelay = true;
        await Task.WhenAny(RequestsAsync(), ResponsesAsync());
        Reset();
    }

    public void Dispose() => Reset();

    private async Task RequestsAsync()
    {
        var buffer = new byte[64 << 10];
        for (var read = await client.ReceiveAsync(buffer); read > 0; read = await client.ReceiveAsync(buffer))
        {
            await _stall;
            await SendAsync(server, buffer.AsMemory(0, read), _cutRequest);
        }
    }

    private async Task ResponsesAsync()
    {
        var frame = new byte[64 << 10];
        while (await FillAsync(frame.AsMemory(0, 4)))
        {
            var length = 4 + BinaryPrimitives.ReadInt32BigEndian(frame);
            if (frame.Length < length) Array.Resize(ref frame, length);
            if (!await FillAsync(frame.AsMemory(4, length - 4))) return;
            NameProxy(frame.AsSpan(0, length));
            await _stall;
            await SendAsync(client, frame.AsMemory(0, length), _cutResponse);
        }
    }

    private void NameProxy(Span<byte> frame)
    {
        var host = "127.0.0.1"u8;
        for (var rest = frame; rest.IndexOf(host) is >= 0 and var at; rest = rest[(at + host.Length)..])
        {
            var port = rest[(at + host.Length)..];
            if (port.Length >= 4 && BinaryPrimitives.ReadInt32BigEndian(port) == serverPort) BinaryPrimitives.WriteInt32BigEndian(port, proxyPort);
        }
    }

    private async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes, bool cut)
    {
        if (cut) bytes = bytes[..(bytes.Length / 2)];
        while (bytes.Length > 0) bytes = bytes[await to.SendAsync(bytes)..];
        if (cut) Reset();
    }

    private async Task<bool> FillAsync(Memory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = await server.ReceiveAsync(buffer);
            if (read == 0) return false;
            buffer = buffer[read..];
        }
        return true;
    }
}
