using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Streams.Broker.Tests.Transactions;

/// <summary>
/// A network that keeps one request back. Clients find the broker through it alone, since it puts its own port into answers. The connection of the request
/// stays open towards the broker after its client has given it up.
/// </summary>
public sealed class DelayProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly IPEndPoint _broker;
    private readonly Task _accepting;
    private readonly TaskCompletionSource<byte[]> _lateAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _wanted = -1;
    private (byte[] Frame, Socket Upstream)? _held;

    public DelayProxy(string broker)
    {
        _broker = IPEndPoint.Parse(broker);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string Address => $"127.0.0.1:{Port}";

    public bool HasHeld => _held is not null;

    private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>The next request of this kind is kept back, and all that follows on its connection is lost.</summary>
    public void HoldNext(short apiKey) => Volatile.Write(ref _wanted, apiKey);

    /// <summary>Lets the request go on, and gives the broker's answer, from behind its correlation id.</summary>
    public async Task<byte[]> ReleaseAsync()
    {
        await _held!.Value.Upstream.SendAsync(_held.Value.Frame);
        return (await _lateAnswer.Task.WaitAsync(TimeSpan.FromSeconds(60)))[8..];
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true) connections.Add(ServeAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        using (var upstream = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        {
            await upstream.ConnectAsync(_broker);
            client.NoDelay = true;
            var answers = AnswerAsync(upstream, client);
            while (await ReadFrameAsync(client) is { } frame)
            {
                var key = BinaryPrimitives.ReadInt16BigEndian(frame.AsSpan(4));
                if (Interlocked.CompareExchange(ref _wanted, -1, key) != key) await SendAsync(upstream, frame);
                else
                {
                    _held = (frame, upstream);
                    while (await ReadFrameAsync(client) is not null)
                    {
                    }
                    await _stopping.Token.WhenCancelledAsync();
                }
            }
            upstream.Close();
            await answers;
        }
    }

    private async Task AnswerAsync(Socket upstream, Socket client)
    {
        while (await ReadFrameAsync(upstream) is { } frame)
        {
            if (_held is { } held && held.Upstream == upstream && frame.AsSpan(4, 4).SequenceEqual(held.Frame.AsSpan(8, 4))) _lateAnswer.TrySetResult(frame);
            else await SendAsync(client, Rewritten(frame));
        }
        client.Close();
    }

    private byte[] Rewritten(byte[] frame)
    {
        byte[] here = [.. Encoding.ASCII.GetBytes("127.0.0.1"), 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(here.AsSpan(9), _broker.Port);
        for (var at = frame.AsSpan().IndexOf(here); at >= 0; at = frame.AsSpan().IndexOf(here)) BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(at + 9), Port);
        return frame;
    }

    private static async Task SendAsync(Socket to, byte[] frame)
    {
        try
        {
            await to.SendAsync(frame);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The other side has gone, which reading will tell.
        }
    }

    /// <summary>A whole frame with its length, or null at the end.</summary>
    private async Task<byte[]?> ReadFrameAsync(Socket from)
    {
        try
        {
            var prefix = await ReadAsync(from, 4);
            return prefix is null || await ReadAsync(from, BinaryPrimitives.ReadInt32BigEndian(prefix)) is not { } body ? null : [.. prefix, .. body];
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<byte[]?> ReadAsync(Socket from, int count)
    {
        var bytes = new byte[count];
        for (var at = 0; at < count;)
        {
            var read = await from.ReceiveAsync(bytes.AsMemory(at), _stopping.Token);
            if (read == 0) return null;
            at += read;
        }
        return bytes;
    }
}

internal static class Cancellation
{
    public static Task WhenCancelledAsync(this CancellationToken token)
    {
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        token.Register(cancelled.SetResult);
        return cancelled.Task;
    }
}
