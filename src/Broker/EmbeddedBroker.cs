using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Streams.Broker.Log;
using Streams.Broker.Metadata;
using Streams.Broker.Network;

namespace Streams.Broker;

/// <summary>
/// A single-node broker that speaks the Kafka protocol on loopback. What it has acknowledged is on disk: the process may be killed at any point.
/// </summary>
public sealed class EmbeddedBroker : IAsyncDisposable
{
    private readonly Node _node;
    private readonly FileStream _lock;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private long _connections;

    private EmbeddedBroker(Node node, FileStream dataLock, Socket listener)
    {
        _node = node;
        _lock = dataLock;
        _listener = listener;
        _accepting = AcceptAsync();
    }

    /// <summary>"127.0.0.1:port", for a client's <c>bootstrap.servers</c>.</summary>
    public string BootstrapServers => FormattableString.Invariant($"127.0.0.1:{_node.Port}");

    /// <summary>Recovers what the directory holds, then listens.</summary>
    /// <exception cref="IOException">Another process has the directory, or it cannot be written.</exception>
    /// <exception cref="InvalidDataException">The journal is damaged, or the directory is of another version.</exception>
    public static async Task<EmbeddedBroker> StartAsync(EmbeddedBrokerOptions options, CancellationToken ct = default)
    {
        var watch = Stopwatch.StartNew();
        var dataLock = LockData(options);
        Node? node = null;
        try
        {
            node = new Node(options);
            await Task.Run(node.Recover, ct);
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, options.Port));
            listener.Listen(512);
            node.Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
            var broker = new EmbeddedBroker(node, dataLock, listener);
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
        var open = new HashSet<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stopping.Token);
                socket.NoDelay = true;
                open.RemoveWhere(t => t.IsCompleted);
                open.Add(new Connection(_node, new SocketTransport(socket), ++_connections, _stopping.Token).RunAsync());
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(open);
        }
    }
}
