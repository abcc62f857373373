using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>
/// Stands between clients and a broker and keeps the first request and answer of each client library, request type and version. The broker's port in answers
/// becomes the proxy's, so that clients stay with it.
/// </summary>
internal sealed class RecordingProxy : IAsyncDisposable
{
    private const int LargestKept = 3000;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<(string Client, short Key, short Version), string> _kept = new();
    private readonly int _target;
    private readonly Task _accepting;

    public RecordingProxy(int target)
    {
        _target = target;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(64);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Lines of a corpus: client, key, version, request and answer in hexadecimal without their lengths.</summary>
    public IEnumerable<string> Corpus => _kept.OrderBy(k => k.Key.Client, StringComparer.Ordinal).ThenBy(k => k.Key.Key).ThenBy(k => k.Key.Version).Select(k => k.Value);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = CarryAsync(await _listener.AcceptAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Disposed: no more connections.
        }
    }

    private async Task CarryAsync(Socket client)
    {
        using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            await server.ConnectAsync(IPAddress.Loopback, _target);
            var asked = new ConcurrentQueue<(string Client, byte[] Request)>();
            await Task.WhenAny(RequestsAsync(client, server, asked), AnswersAsync(server, client, asked));
        }
    }

    private static async Task RequestsAsync(Socket client, Socket server, ConcurrentQueue<(string, byte[])> asked)
    {
        var name = "unknown";
        while (await ReceiveAsync(client) is { } frame)
        {
            if (ClientName(frame) is { } told) name = told;
            asked.Enqueue((name, frame[4..]));
            await server.SendAsync(frame);
        }
    }

    private async Task AnswersAsync(Socket server, Socket client, ConcurrentQueue<(string Client, byte[] Request)> asked)
    {
        while (await ReceiveAsync(server) is { } frame)
        {
            NameProxy(frame);
            if (asked.TryDequeue(out var question)) Keep(question.Client, question.Request, frame[4..]);
            await client.SendAsync(frame);
        }
    }

    private void Keep(string client, byte[] request, byte[] answer)
    {
        var (key, version) = (BinaryPrimitives.ReadInt16BigEndian(request), BinaryPrimitives.ReadInt16BigEndian(request.AsSpan(2)));
        if (request.Length + answer.Length > LargestKept) return;
        _kept.TryAdd((client, key, version), $"{client} {key} {version} {Convert.ToHexString(request)} {Convert.ToHexString(answer)}");
    }

    /// <summary>The name that a client tells in ApiVersions 3 and later.</summary>
    private static string? ClientName(byte[] frame)
    {
        var version = BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(6));
        if (BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(4)) != 18 || version < 3) return null;
        var idLength = Math.Max((short)0, BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(12)));
        var name = frame.AsSpan(14 + idLength + 1);
        return Encoding.UTF8.GetString(name.Slice(1, name[0] - 1));
    }

    private void NameProxy(Span<byte> frame)
    {
        var host = "127.0.0.1"u8;
        for (var rest = frame; rest.IndexOf(host) is >= 0 and var at; rest = rest[(at + host.Length)..])
        {
            var port = rest[(at + host.Length)..];
            if (port.Length >= 4 && BinaryPrimitives.ReadInt32BigEndian(port) == _target) BinaryPrimitives.WriteInt32BigEndian(port, Port);
        }
    }

    private static async Task<byte[]?> ReceiveAsync(Socket socket)
    {
        var prefix = new byte[4];
        if (!await FillAsync(socket, prefix)) return null;
        var frame = new byte[4 + BinaryPrimitives.ReadInt32BigEndian(prefix)];
        prefix.CopyTo(frame, 0);
        return await FillAsync(socket, frame.AsMemory(4)) ? frame : null;
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = await socket.ReceiveAsync(buffer);
            if (read == 0) return false;
            buffer = buffer[read..];
        }
        return true;
    }
}
