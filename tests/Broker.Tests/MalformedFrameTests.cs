using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Streams.Broker.Tests;

/// <summary>What no client should send: the connection that sent it is closed, and the broker goes on.</summary>
public sealed class MalformedFrameTests : IAsyncLifetime
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    readonly string _directory = Directory.CreateTempSubdirectory("broker-frames-").FullName;
    EmbeddedBroker _broker = null!;

    public async Task InitializeAsync() => _broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = _directory });

    public async Task DisposeAsync()
    {
        await _broker.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    public static TheoryData<string, byte[]> Frames => new()
    {
        { "a negative length", [0xFF, 0xFF, 0xFF, 0xFF] },
        { "a length of 2 GiB", [0x7F, 0xFF, 0xFF, 0xFF, 0, 18, 0, 0] },
        { "a frame shorter than a header", Framed([0]) },
        { "an unknown request", Framed([0x7F, 0xFF, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF]) },
        { "metadata of two thousand million topics", Framed([0, 3, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]) },
        { "produce that ends in the middle", Framed([0, 0, 0, 7, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF, 0, 1]) },
        { "HTTP", "GET / HTTP/1.1\r\n\r\n"u8.ToArray() },
    };

    [Theory]
    [MemberData(nameof(Frames))]
    public async Task A_malformed_frame_closes_its_connection_alone(string what, byte[] frame)
    {
        using var good = await ConnectAsync();
        using var bad = await ConnectAsync();
        await bad.SendAsync(frame);
        Assert.True(await ClosedAsync(bad), $"{what}: the connection stayed open");
        Assert.True(await AnswersAsync(good), $"{what}: another connection got no answer");
    }

    [Fact]
    public async Task Random_frames_do_no_harm()
    {
        var random = new Random(20261121);
        for (var i = 0; i < 300; i++)
        {
            var body = new byte[random.Next(1, 200)];
            random.NextBytes(body);
            body[0] = 0;
            if (body.Length > 3) (body[1], body[2], body[3]) = ((byte)random.Next(0, 70), 0, (byte)random.Next(0, 13));
            using var socket = await ConnectAsync();
            await socket.SendAsync(Framed(body));
        }
        using var good = await ConnectAsync();
        Assert.True(await AnswersAsync(good));
    }

    async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPEndPoint.Parse(_broker.BootstrapServers));
        return socket;
    }

    static async Task<bool> ClosedAsync(Socket socket)
    {
        using var deadline = new CancellationTokenSource(Patience);
        try
        {
            var buffer = new byte[1024];
            while (await socket.ReceiveAsync(buffer, deadline.Token) > 0)
            {
            }
            return true;
        }
        catch (SocketException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>ApiVersions 0 is answered with its correlation id.</summary>
    static async Task<bool> AnswersAsync(Socket socket)
    {
        await socket.SendAsync(Framed([0, 18, 0, 0, 0, 0, 0x12, 0x34, 0xFF, 0xFF]));
        using var deadline = new CancellationTokenSource(Patience);
        var answer = new byte[8];
        return await socket.ReceiveAsync(answer, deadline.Token) == 8 && BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(4)) == 0x1234;
    }

    static byte[] Framed(byte[] body)
    {
        var frame = new byte[4 + body.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, body.Length);
        body.CopyTo(frame, 4);
        return frame;
    }
}
