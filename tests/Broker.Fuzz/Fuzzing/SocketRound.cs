using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Streams.Broker.Fuzz.Fuzzing;

/// <summary>Wrong frames over real connections, and a good client between them that must always be served.</summary>
internal sealed class SocketRound : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly byte[] ApiVersionsRequest = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0x12, 0x34, 0xFF, 0xFF];
    private readonly string _folder = Directory.CreateTempSubdirectory("streams-fuzz-").FullName;
    private readonly EmbeddedBroker _broker;
    private readonly Socket _good;
    private Socket _bad;

    private SocketRound(EmbeddedBroker broker, string folder, Socket good, Socket bad) => (_broker, _folder, _good, _bad) = (broker, folder, good, bad);

    public static async Task<SocketRound> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("streams-fuzz-").FullName;
        var broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = folder, Disk = new MemoryDisk() });
        var address = IPEndPoint.Parse(broker.BootstrapServers);
        return new SocketRound(broker, folder, await ConnectAsync(address), await ConnectAsync(address));
    }

    /// <summary>Sends a frame on the bad connection, in one or two pieces, at times with a wrong length; a closed connection is opened anew.</summary>
    public async Task SendAsync(byte[] body, Random random)
    {
        var frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, random.Next(20) == 0 ? Wire.Batches.Odd(random) : body.Length);
        body.CopyTo(frame, 4);
        try
        {
            var cut = random.Next(frame.Length);
            await _bad.SendAsync(frame.AsMemory(0, cut));
            await _bad.SendAsync(frame.AsMemory(cut));
            while (_bad.Available > 0) await _bad.ReceiveAsync(new byte[_bad.Available]);
            if (random.Next(30) > 0 && !_bad.Poll(0, SelectMode.SelectRead)) return;
        }
        catch (SocketException)
        {
            // The broker has closed it, as it should.
        }
        _bad.Close(0);
        _bad.Dispose();
        _bad = await ConnectAsync(IPEndPoint.Parse(_broker.BootstrapServers));
    }

    /// <summary>The good client asks and gets its answer.</summary>
    public async Task<bool> ServesAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            await _good.SendAsync(ApiVersionsRequest, deadline.Token);
            var answer = new byte[4];
            await ReceiveAsync(answer, deadline.Token);
            var rest = new byte[BinaryPrimitives.ReadInt32BigEndian(answer)];
            await ReceiveAsync(rest, deadline.Token);
            return BinaryPrimitives.ReadInt32BigEndian(rest) == 0x1234;
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or EndOfStreamException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _good.Dispose();
        _bad.Dispose();
        await _broker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        return socket;
    }

    private async Task ReceiveAsync(Memory<byte> buffer, CancellationToken ct)
    {
        while (buffer.Length > 0)
        {
            var read = await _good.ReceiveAsync(buffer, ct);
            if (read == 0) throw new EndOfStreamException();
            buffer = buffer[read..];
        }
    }
}
