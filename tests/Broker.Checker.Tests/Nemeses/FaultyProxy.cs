using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary>Stands between clients and a broker on loopback. The broker's port in its answers becomes the proxy's, so that clients stay with it.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<ProxyLink, bool> _links = new();
    private readonly int _target;
    private readonly int _port;
    private readonly Task _accepting;

    public FaultyProxy(int target)
    {
        _target = target;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
        _port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public string BootstrapServers => $"127.0.0.1:{_port}";

    /// <summary>Does one of its harms to some of the connections.</summary>
    public void Strike(Random random)
    {
        var kind = random.Next(5);
        foreach (var link in _links.Keys)
        {
            if (kind > 0 && random.Next(2) == 0) continue;
            if (kind is 0 or 1) link.Reset();
            else if (kind == 2) link.CutNextResponse();
            else if (kind == 3) link.CutNextRequest();
            else link.Stall(TimeSpan.FromMilliseconds(random.Next(50, 3000)), resetAfterwards: random.Next(2) == 0);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var link in _links.Keys) link.Reset();
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
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var link = new ProxyLink(client, server, _target, _port);
        _links[link] = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _target);
            await link.CarryAsync();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One side went away, or the proxy cut them.
        }
        _links.TryRemove(link, out _);
    }
}
