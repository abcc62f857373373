using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Streams.Broker.Metadata;
using Streams.Broker.Security;

namespace Streams.Broker.Network;

/// <summary>All open connections: their number is bounded, in all and for each address, and those that say nothing for too long are closed.</summary>
internal sealed class Connections : IDisposable
{
    private readonly Node _node;
    private readonly ListenerSecurity _security;
    private readonly CancellationToken _stopping;
    private readonly ConcurrentDictionary<long, Open> _open = new();
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _byAddress = [];
    private readonly ITimer _sweeping;
    private int _count;
    private long _number;

    public Connections(Node node, ListenerSecurity security, CancellationToken stopping)
    {
        (_node, _security, _stopping) = (node, security, stopping);
        var shortest = Math.Min(Options.MaxIdle.TotalMilliseconds, security.Sasl?.AuthenticationTimeout.TotalMilliseconds ?? double.MaxValue);
        var period = TimeSpan.FromMilliseconds(Math.Clamp(shortest / 4, 10, 10_000));
        _sweeping = node.Options.TimeProvider.CreateTimer(_ => Sweep(), null, period, period);
    }

    /// <summary>A connection that is served, and what was seen of it when it was last looked at.</summary>
    private sealed class Open(Connection connection, Socket socket, long now)
    {
        public Connection Connection { get; } = connection;

        public Socket Socket { get; } = socket;

        public Task Running { get; set; } = Task.CompletedTask;

        public long Since { get; } = now;

        public long Requests { get; set; }

        public long QuietSince { get; set; } = now;
    }

    private ConnectionOptions Options => _node.Options.Connections;

    /// <summary>Serves a connection until it ends; one too many is closed.</summary>
    public void Serve(Socket socket)
    {
        var address = (socket.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None;
        var number = ++_number;
        if (!TryEnter(address))
        {
            _node.Options.Logger.ConnectionRefused(number, $"too many connections, {address}");
            socket.Dispose();
            return;
        }
        socket.NoDelay = true;
        var open = new Open(new Connection(_node, new Authentication(_security), number, _stopping), socket, _security.Now);
        _open[number] = open;
        open.Running = ServeAsync(open, number, address);
    }

    /// <summary>Completes when all connections have ended.</summary>
    public Task WhenClosedAsync() => Task.WhenAll(_open.Values.Select(o => o.Running));

    public void Dispose() => _sweeping.Dispose();

    private async Task ServeAsync(Open open, long number, IPAddress address)
    {
        await Task.Yield();
        try
        {
            await open.Connection.RunAsync(await _security.SecureAsync(open.Socket, _stopping));
        }
        catch (IOException e)
        {
            _node.Options.Logger.ConnectionRefused(number, e.Message);
        }
        finally
        {
            _open.TryRemove(number, out _);
            Leave(address);
        }
    }

    private bool TryEnter(IPAddress address)
    {
        lock (_gate)
        {
            var before = _byAddress.GetValueOrDefault(address);
            if (_count >= Options.Max || before >= Options.MaxPerAddress) return false;
            _byAddress[address] = before + 1;
            _count++;
            return true;
        }
    }

    private void Leave(IPAddress address)
    {
        lock (_gate)
        {
            _count--;
            if (--_byAddress[address] == 0) _byAddress.Remove(address);
        }
    }

    private void Sweep()
    {
        var now = _security.Now;
        foreach (var (number, open) in _open)
        {
            if (open.Connection.IsBusy || open.Connection.Requests != open.Requests) (open.Requests, open.QuietSince) = (open.Connection.Requests, now);
            if (now - open.QuietSince >= Options.MaxIdle.TotalMilliseconds) Close(number, open, "idle");
            else if (!open.Connection.IsAuthenticated && now - open.Since >= _security.Sasl!.AuthenticationTimeout.TotalMilliseconds) Close(number, open, "not authenticated in time");
        }
    }

    private void Close(long number, Open open, string why)
    {
        _node.Options.Logger.ConnectionClosed(number, why);
        try
        {
            // Its reader sees the end and tidies up.
            open.Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
        }
    }
}
