using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Streams.Broker.Log;
using Streams.Broker.Metadata;
using Streams.Broker.Network;
using Streams.Broker.Security;

namespace Streams.Broker;

/// <summary>
/// A single-node broker that speaks the Kafka protocol, on loopback unless it asks its clients for TLS or for names and passwords. What it has acknowledged is on disk: the process may be killed at any point.
/// </summary>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(20);
    private readonly Node _node;
    private readonly FileStream _lock;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private readonly Connections _connections;

    private EmbeddedBroker(Node node, FileStream dataLock, Socket listener, ListenerSecurity security)
    {
        _node = node;
        _lock = dataLock;
        _listener = listener;
        _connections = new Connections(node, security, _stopping.Token);
        _accepting = AcceptAsync();
    }

    /// <summary>"host:port", for a client's <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => FormattableString.Invariant($"{(_node.Host.Contains(':') ? $"[{_node.Host}]" : _node.Host)}:{_node.Port}");

    /// <summary>Recovers what the directory holds, then listens.</summary>
    /// <exception cref="ArgumentException">The options would let anybody in from the network.</exception>
    /// <exception cref="IOException">Another process has the directory, or it cannot be written.</exception>
    /// <exception cref="InvalidDataException">The journal is damaged, or the directory is of another version.</exception>
    public static async Task<EmbeddedBroker> StartAsync(EmbeddedBrokerOptions options, CancellationToken ct = default)
    {
        var watch = Stopwatch.StartNew();
        var security = new ListenerSecurity(options);
        var dataLock = LockData(options);
        Node? node = null;
        try
        {
            node = new Node(options);
            await Task.Run(node.Recover, ct);
            var listener = new Socket(options.Address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(options.Address, options.Port));
            listener.Listen(512);
            node.Host = options.AdvertisedHost ?? $"{options.Address}";
            node.Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
            node.BrokerConfigs.Listening(ListenerSecurity.Protocol(options), options.Address, node.Host, node.Port);
            var broker = new EmbeddedBroker(node, dataLock, listener, security);
            options.Logger.Ready(broker.BootstrapServers, node.Topics.Count(), watch.ElapsedMilliseconds);
            return broker;
        }
        catch
        {
            if (node is not null) await node.DisposeAsync();
            await dataLock.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested) return;
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _connections.Dispose();
        await _node.DisposeAsync();
        await _lock.DisposeAsync();
    }

    private static FileStream LockData(EmbeddedBrokerOptions options)
    {
        try
        {
            options.Disk.CreateDirectory(options.DataDirectory);
            Directory.CreateDirectory(options.DataDirectory);
            return new FileStream(Path.Combine(options.DataDirectory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"the broker cannot have {options.DataDirectory} for itself: {e.Message}", e);
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                _connections.Serve(await _listener.AcceptAsync(_stopping.Token));
            }
            catch (SocketException e) when (!_stopping.IsCancellationRequested)
            {
                // The client has gone before it was served, or no more files may be open: the next one may have more luck.
                _node.Options.Logger.AcceptFailed(e);
                await Task.Delay(AcceptPause, _node.Options.TimeProvider, CancellationToken.None);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The broker stops.
            }
        }
        await _connections.WhenClosedAsync();
    }
}
