using Streams.Broker.Fuzz.Wire;
using Streams.Broker.Metadata;
using Streams.Broker.Network;
using Streams.Broker.Protocol;
using Streams.Broker.Security;

namespace Streams.Broker.Fuzz.Fuzzing;

/// <summary>
/// A broker's node without sockets, which frames are handed to as its connections would. What a frame may do: be answered as its version's layout says, or be
/// refused as malformed. Anything else is a finding.
/// </summary>
internal sealed class Target : IAsyncDisposable
{
    private const long MaxAllocated = 64L << 20;
    private const int MaxWaiting = 500;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Queue<(byte[] Frame, Request Request, Task Done)> _waiting = new();
    private readonly Action<string, byte[]> _found;
    private readonly string _folder = Directory.CreateTempSubdirectory("streams-fuzz-").FullName;
    private readonly Node _node;
    private readonly ListenerSecurity _security;
    private Authentication _authentication;
    private long _connection;

    public Target(Action<string, byte[]> found)
    {
        _found = found;
        var options = new EmbeddedBrokerOptions { DataDirectory = _folder, Disk = new MemoryDisk(), DefaultPartitions = 2 };
        _security = new ListenerSecurity(options);
        _authentication = new Authentication(_security);
        _node = new Node(options);
        _node.Recover();
        foreach (var topic in Seeds.Topics) _node.Create(topic, 2, []);
    }

    public long Answered { get; private set; }

    public long Refused { get; private set; }

    public void Handle(byte[] frame, bool newConnection)
    {
        if (newConnection) (_connection, _authentication) = (_connection + 1, new Authentication(_security));
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            var request = Dispatcher.Open(_node, _authentication, _connection, frame, out var api, _stopping.Token);
            _waiting.Enqueue((frame, request, api.Handle(request)));
        }
        catch (MalformedRequestException)
        {
            Refused++;
        }
        catch (Exception e)
        {
            _found($"{e.GetType().Name} {Place(e)}", frame);
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > MaxAllocated) _found($"{allocated >> 20} MB allocated for a frame of {frame.Length} bytes", frame);
        Drain();
    }

    /// <summary>Looks at the answers that are ready. A few requests may wait for long: joins, fetches.</summary>
    public void Drain(bool all = false)
    {
        for (var left = _waiting.Count; left > 0; left--)
        {
            var (frame, request, done) = _waiting.Dequeue();
            if (!done.IsCompleted)
            {
                if (_waiting.Count < MaxWaiting) _waiting.Enqueue((frame, request, done));
                if (!all) break;
                continue;
            }
            Look(frame, request, done);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Drain(all: true);
        await _stopping.CancelAsync();
        await _node.DisposeAsync();
        _stopping.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Place(Exception e) =>
        (e.StackTrace ?? "").Split('\n').Select(l => l.Trim()).FirstOrDefault(l => l.Contains("Streams.Broker", StringComparison.Ordinal)) ?? e.Message;

    private void Look(byte[] frame, Request request, Task done)
    {
        try
        {
            done.GetAwaiter().GetResult();
            if (!request.NoResponse) LookAtAnswer(frame, request);
            Answered++;
        }
        catch (MalformedRequestException)
        {
            Refused++;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The broker stops.
        }
        catch (Exception e)
        {
            _found($"{e.GetType().Name} {Place(e)}", frame);
        }
        finally
        {
            request.Answer.Dispose();
        }
    }

    private void LookAtAnswer(byte[] frame, Request request)
    {
        using var transport = new MemoryTransport();
        request.Answer.SendAsync(transport, _stopping.Token).AsTask().GetAwaiter().GetResult();
        var (key, version) = ((short)((frame[0] << 8) | frame[1]), request.Version);
        if (Answers.Check(transport.Sent, frame.AsSpan(4, 4), key, version) is { } wrong) _found(wrong, frame);
    }
}
