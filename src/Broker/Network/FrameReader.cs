using System.Buffers;
using System.Buffers.Binary;
using Streams.Broker.Protocol;

namespace Streams.Broker.Network;

/// <summary>Cuts a connection's bytes into frames. Small requests come in by one read each; a large one goes straight to where it stays.</summary>
internal sealed class FrameReader(ITransport transport) : IDisposable
{
    private const int PrefixSize = 4;

    /// <summary>So much room is made on the word of a length alone; more as the bytes come.</summary>
    private const int FirstBytes = 2 << 20;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4 << 10);
    private int _start;
    private int _end;

    /// <summary>The next frame in an array of the shared pool, or null at the end of the connection.</summary>
    /// <exception cref="MalformedRequestException">The length is not one that a request can have.</exception>
    public async ValueTask<(byte[] Frame, int Length)?> ReadAsync(int maxBytes, CancellationToken ct)
    {
        while (_end - _start < PrefixSize)
        {
            if (!await FillAsync(ct)) return null;
        }
        var length = BinaryPrimitives.ReadInt32BigEndian(_buffer.AsSpan(_start));
        if (length < 0 || length > maxBytes) throw new MalformedRequestException($"frame of {length} bytes");
        _start += PrefixSize;
        var frame = ArrayPool<byte>.Shared.Rent(Math.Min(length, FirstBytes));
        var read = Math.Min(length, _end - _start);
        _buffer.AsSpan(_start, read).CopyTo(frame);
        _start += read;
        while (read < length)
        {
            if (read == frame.Length) frame = Grown(frame, length);
            var n = await transport.ReceiveAsync(frame.AsMemory(read, Math.Min(length, frame.Length) - read), ct);
            if (n == 0)
            {
                ArrayPool<byte>.Shared.Return(frame);
                return null;
            }
            read += n;
        }
        return (frame, length);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private async ValueTask<bool> FillAsync(CancellationToken ct)
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        var n = await transport.ReceiveAsync(_buffer.AsMemory(_end), ct);
        _end += n;
        return n > 0;
    }

    private static byte[] Grown(byte[] frame, int length)
    {
        var grown = ArrayPool<byte>.Shared.Rent((int)Math.Min(length, frame.Length * 2L));
        frame.CopyTo(grown, 0);
        ArrayPool<byte>.Shared.Return(frame);
        return grown;
    }
}
