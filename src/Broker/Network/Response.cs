using System.Buffers;
using Streams.Broker.Disk;
using Streams.Broker.Protocol;

namespace Streams.Broker.Network;

/// <summary>
/// An answer: bytes, with stretches of log files between them that are read while it is sent, a piece at a time, so that a large answer needs little memory.
/// Large copies are cheaper here than sendfile: on loopback the kernel moves single pages, and one copy more costs about half of that (measured with perf/broker).
/// </summary>
internal sealed class Response(ProtocolWriter head) : IDisposable
{
    /// <summary>Less than this is read into the head.</summary>
    private const int WorthAPiece = 64 << 10;

    /// <summary>What goes out by one call. The usual fetch of 1 MiB and its head fit: a second call would cost a second waking of the reader.</summary>
    private const int PieceBytes = (1 << 20) + (4 << 10);

    private List<Stretch>? _stretches;
    private int _stretched;

    private readonly record struct Stretch(int At, IDiskFile File, long Position, int Length);

    public ProtocolWriter Head { get; } = head;

    /// <summary>Adds bytes of a file at this place.</summary>
    public void Append(IDiskFile file, long position, int length)
    {
        if (length < WorthAPiece)
        {
            Read(file, Head.Reserve(length), position);
            return;
        }
        (_stretches ??= []).Add(new Stretch(Head.Length, file, position, length));
        _stretched += length;
    }

    public async ValueTask SendAsync(ITransport transport, CancellationToken ct)
    {
        Head.OverwriteInt32(0, Head.Length - 4 + _stretched);
        if (_stretches is null) await transport.SendAsync(Head.WrittenMemory, ct);
        else await SendAsync(_stretches, transport, ct);
    }

    public void Dispose() => Head.Dispose();

    private async ValueTask SendAsync(List<Stretch> stretches, ITransport transport, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(Head.Length + _stretched, PieceBytes));
        var (filled, written) = (0, 0);
        try
        {
            foreach (var stretch in stretches)
            {
                await AddAsync(stretch.At - written, (at, to) => Head.Written.Slice(at + written, to.Length).CopyTo(to));
                written = stretch.At;
                await AddAsync(stretch.Length, (at, to) => Read(stretch.File, to, stretch.Position + at));
            }
            await AddAsync(Head.Length - written, (at, to) => Head.Written.Slice(at + written, to.Length).CopyTo(to));
            await transport.SendAsync(buffer.AsMemory(0, filled), ct);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        async ValueTask AddAsync(int length, Fill fill)
        {
            for (var at = 0; at < length;)
            {
                if (filled == buffer.Length)
                {
                    await transport.SendAsync(buffer, ct);
                    filled = 0;
                }
                var piece = Math.Min(length - at, buffer.Length - filled);
                fill(at, buffer.AsSpan(filled, piece));
                (at, filled) = (at + piece, filled + piece);
            }
        }
    }

    private delegate void Fill(int at, Span<byte> to);

    private static void Read(IDiskFile file, Span<byte> buffer, long position)
    {
        if (file.Read(buffer, position) != buffer.Length) throw new InvalidDataException("a log is shorter than what was written to it");
    }
}
