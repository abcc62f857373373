using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;
using Streams.Broker.Security;

namespace Streams.Broker.Network;

/// <summary>
/// One client connection. Requests start strictly in order and are answered in order; a produce does not hold up what follows, so that
/// several share one fsync, everything else is answered before the next request is begun.
/// </summary>
internal sealed class Connection(Node node, Authentication authentication, long number, CancellationToken stopping)
{
    private const int MaxInFlight = 64;
    private readonly Channel<Pending> _responses =
        Channel.CreateBounded<Pending>(new BoundedChannelOptions(MaxInFlight) { SingleReader = true, SingleWriter = true });

    private long _requests;
    private long _answers;

    /// <summary>Requests so far.</summary>
    public long Requests => Volatile.Read(ref _requests);

    /// <summary>Whether a request is in work.</summary>
    public bool IsBusy => Volatile.Read(ref _answers) != Requests;

    public bool IsAuthenticated => authentication.IsComplete;

    private readonly record struct Pending(Request Request, ApiKey Api, Task Done, byte[] Frame);

    public async Task RunAsync(ITransport transport)
    {
        var writing = WriteAsync(transport);
        try
        {
            await ReadAsync(transport);
        }
        catch (Exception e) when (IsGone(e))
        {
            // The client went away, or the broker stops: nothing to answer.
        }
        catch (MalformedRequestException e)
        {
            node.Options.Logger.ConnectionRefused(number, e.Message);
        }
        catch (Exception e)
        {
            node.Options.Logger.RequestFailed("?", number, e);
        }
        _responses.Writer.Complete();
        await writing;
        transport.Dispose();
    }

    private static bool IsGone(Exception e) => e is SocketException or ObjectDisposedException or OperationCanceledException or IOException;

    private async Task ReadAsync(ITransport transport)
    {
        using var frames = new FrameReader(transport);
        var hasGone = () => transport.HasGone;
        while (await frames.ReadAsync(authentication.MaxFrame(node.Options.MaxRequestBytes), stopping) is var (frame, length))
        {
            Volatile.Write(ref _requests, _requests + 1);
            var request = Dispatcher.Open(node, authentication, number, frame.AsMemory(0, length), out var api, stopping);
            request.HasGone = hasGone;
            var done = node.Options.Fault is { } inject ? await FaultInjection.StartAsync(inject, api, request) : api.Handle(request);
            await _responses.Writer.WriteAsync(new Pending(request, api.Key, done, frame), stopping);
            if (api.Key != ApiKey.Produce) await done;
            if (authentication.HasFailed) return;
        }
    }

    private async Task WriteAsync(ITransport transport)
    {
        await foreach (var pending in _responses.Reader.ReadAllAsync())
        {
            try
            {
                await pending.Done;
                if (!pending.Request.NoResponse) await pending.Request.Answer.SendAsync(transport, stopping);
            }
            catch (Exception e)
            {
                if (!IsGone(e)) node.Options.Logger.RequestFailed(pending.Api.ToString(), number, e);
                transport.Dispose();
            }
            finally
            {
                Volatile.Write(ref _answers, _answers + 1);
                pending.Request.Answer.Dispose();
                ArrayPool<byte>.Shared.Return(pending.Frame);
            }
        }
    }
}
