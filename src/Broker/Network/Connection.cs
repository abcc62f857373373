using System.Buffers;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Network;

/// <summary>
/// One client connection. Requests start strictly in order and are answered in order; a produce does not hold up what follows, so that
/// several share one fsync, everything else is answered before the next request is begun.
/// </summary>
internal sealed class Connection(Node node, ITransport transport, long number, CancellationToken stopping)
{
    private const int MaxInFlight = 64;
    private readonly Channel<Pending> _responses =
        Channel.CreateBounded<Pending>(new BoundedChannelOptions(MaxInFlight) { SingleReader = true, SingleWriter = true });

    private readonly Func<bool> _hasGone = () => transport.HasGone;

    private readonly record struct Pending(Request Request, ApiKey Api, Task Done, byte[] Frame);

    public async Task RunAsync()
    {
        var writing = WriteAsync();
        try
        {
            await ReadAsync();
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

    private async Task ReadAsync()
    {
        using var frames = new FrameReader(transport);
        while (await frames.ReadAsync(node.Options.MaxRequestBytes, stopping) is var (frame, length))
        {
            var request = Dispatcher.Open(node, number, frame.AsMemory(0, length), out var api, stopping);
            request.HasGone = _hasGone;
            var done = api.Handle(request);
            await _responses.Writer.WriteAsync(new Pending(request, api.Key, done, frame), stopping);
            if (api.Key != ApiKey.Produce) await done;
        }
    }

    private async Task WriteAsync()
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
                pending.Request.Answer.Dispose();
                ArrayPool<byte>.Shared.Return(pending.Frame);
            }
        }
    }
}
