using System.Buffers;
using System.Buffers.Binary;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Streams.Broker.Api;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Network;

/// <summary>
/// One client connection. Requests start strictly in order and are answered in order; a produce does not hold up what follows, so that
/// several share one fsync, everything else is answered before the next request is read.
/// </summary>
internal sealed class Connection(Node node, Socket socket, long number, CancellationToken stopping)
{
    private const int MaxInFlight = 64;
    private readonly Channel<(Request Request, Task Done, byte[] Frame)> _responses =
        Channel.CreateBounded<(Request, Task, byte[])>(new BoundedChannelOptions(MaxInFlight) { SingleReader = true, SingleWriter = true });

    public async Task RunAsync()
    {
        var writing = WriteAsync();
        try
        {
            await ReadAsync();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
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
        socket.Dispose();
    }

    private async Task ReadAsync()
    {
        var prefix = new byte[4];
        while (await FillAsync(prefix))
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(prefix);
            if (size < 8 || size > node.Options.MaxRequestBytes) throw new MalformedRequestException($"frame of {size} bytes");
            var frame = ArrayPool<byte>.Shared.Rent(size);
            if (!await FillAsync(frame.AsMemory(0, size))) return;
            var request = Open(frame.AsMemory(0, size), out var api);
            var done = api.Handle(request);
            await _responses.Writer.WriteAsync((request, done, frame), stopping);
            if (api.Key != ApiKey.Produce) await done;
        }
    }

    private Request Open(ReadOnlyMemory<byte> frame, out ApiDefinition api)
    {
        var reader = new ProtocolReader(frame.Span, flexible: false);
        var key = reader.ReadInt16();
        var version = reader.ReadInt16();
        var correlation = reader.ReadInt32();
        var known = Apis.Find(key) ?? throw new MalformedRequestException($"unknown request type {key}");
        api = known;
        var supported = version >= api.Min && version <= api.Max;
        if (!supported && api.Key != ApiKey.ApiVersions) throw new MalformedRequestException($"{api.Key} version {version} is not served");
        var flexible = supported && version >= api.FirstFlexible;
        var clientId = reader.ReadNullableString();
        reader.Flexible = flexible;
        reader.SkipTags();
        var response = new ProtocolWriter(flexible);
        response.WriteInt32(0);
        response.WriteInt32(correlation);
        if (api.Key != ApiKey.ApiVersions) response.WriteTags();
        return new Request(node, number, frame[reader.Position..], flexible, version, clientId, response, stopping) { HasGone = HasGone };
    }

    // Readable without a byte to read means closed; a socket that was disposed here is gone as well.
    private bool HasGone()
    {
        try
        {
            return socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return true;
        }
    }

    private async Task WriteAsync()
    {
        await foreach (var (request, done, frame) in _responses.Reader.ReadAllAsync())
        {
            try
            {
                await done;
                request.Response.OverwriteInt32(0, request.Response.Length - 4);
                if (!request.NoResponse) await SendAsync(request.Response.WrittenMemory);
            }
            catch (Exception e)
            {
                if (e is not (SocketException or ObjectDisposedException or OperationCanceledException))
                    node.Options.Logger.RequestFailed(e.GetType().Name, number, e);
                socket.Dispose();
            }
            finally
            {
                request.Response.Dispose();
                ArrayPool<byte>.Shared.Return(frame);
            }
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, stopping)..];
    }

    private async Task<bool> FillAsync(Memory<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            var read = await socket.ReceiveAsync(buffer, SocketFlags.None, stopping);
            if (read == 0) return false;
            buffer = buffer[read..];
        }
        return true;
    }
}
