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
    private const int PieceBytes = 1 << 20;

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
        var sent = 0;
        foreach (var stretch in _stretches ?? [])
        {
            await transport.SendAsync(Head.WrittenMemory[sent..stretch.At], ct);
            sent = stretch.At;
            await SendAsync(stretch, transport, ct);
        }
        if (sent < Head.Length) await transport.SendAsync(Head.WrittenMemory[sent..], ct);
    }

    public void Dispose() => Head.Dispose();

    private static async ValueTask SendAsync(Stretch stretch, ITransport transport, CancellationToken ct)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(stretch.Length, PieceBytes));
        try
        {
            for (var sent = 0; sent < stretch.Length;)
            {
                var piece = Math.Min(buffer.Length, stretch.Length - sent);
                Read(stretch.File, buffer.AsSpan(0, piece), stretch.Position + sent);
                await transport.SendAsync(buffer.AsMemory(0, piece), ct);
                sent += piece;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Read(IDiskFile file, Span<byte> buffer, long position)
    {
        if (file.Read(buffer, position) != buffer.Length) throw new InvalidDataException("a log is shorter than what was written to it");
    }
}
