using System.Buffers.Binary;
using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>
/// Where a partition's log begins, on disk before any file of it is deleted: the first offset that may be read, the first offset of the oldest segment, and
/// the producers that the deleted segments alone knew. Unlike indexes it cannot be rebuilt.
/// </summary>
/// <param name="FirstSegment">Files of segments before this offset are what a crash left to be deleted; a later first one means that files are missing.</param>
internal sealed record LogStart(long Offset, long FirstSegment, IReadOnlyList<ProducerState> Producers)
{
    private const int Version = 1;
    private const int HeaderSize = 24;
    private const int ProducerSize = 27;
    private const int BatchSize = 24;
    private const int MaxBytes = 256 << 20;

    public static LogStart Beginning { get; } = new(0, 0, []);

    /// <summary>What the file says; the beginning where there is none.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static LogStart Read(IDisk disk, string path)
    {
        if (WholeFile.Read(disk, path, MaxBytes) is not { } bytes) return Beginning;
        var span = bytes.AsSpan();
        if (span.Length < HeaderSize + 4 || BinaryPrimitives.ReadUInt32BigEndian(span[^4..]) != Crc32C.Compute(span[..^4]) || BinaryPrimitives.ReadInt32BigEndian(span) != Version)
            throw new InvalidDataException($"{path} is damaged");
        var (offset, first, count) = (BinaryPrimitives.ReadInt64BigEndian(span[4..]), BinaryPrimitives.ReadInt64BigEndian(span[12..]), BinaryPrimitives.ReadInt32BigEndian(span[20..]));
        var producers = new List<ProducerState>();
        for (span = span[HeaderSize..]; count > 0; count--) span = ReadProducer(span, producers);
        return new LogStart(offset, first, producers);
    }

    /// <exception cref="IOException">It is not on disk.</exception>
    public void Write(IDisk disk, string path)
    {
        var bytes = new byte[HeaderSize + Producers.Sum(p => ProducerSize + BatchSize * p.Batches.Count) + 4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, Version);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(4), Offset);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(12), FirstSegment);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(20), Producers.Count);
        var rest = bytes.AsSpan(HeaderSize);
        foreach (var producer in Producers) rest = WriteProducer(rest, producer);
        BinaryPrimitives.WriteUInt32BigEndian(rest, Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)));
        WholeFile.Replace(disk, path, bytes);
    }

    private static Span<byte> WriteProducer(Span<byte> at, ProducerState producer)
    {
        BinaryPrimitives.WriteInt64BigEndian(at, producer.ProducerId);
        BinaryPrimitives.WriteInt16BigEndian(at[8..], producer.Epoch);
        BinaryPrimitives.WriteInt64BigEndian(at[10..], producer.LastTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(at[18..], producer.OpenOffset);
        at[26] = (byte)producer.Batches.Count;
        at = at[ProducerSize..];
        foreach (var batch in producer.Batches)
        {
            BinaryPrimitives.WriteInt32BigEndian(at, batch.FirstSequence);
            BinaryPrimitives.WriteInt32BigEndian(at[4..], batch.LastSequence);
            BinaryPrimitives.WriteInt64BigEndian(at[8..], batch.BaseOffset);
            BinaryPrimitives.WriteInt64BigEndian(at[16..], batch.MaxTimestamp);
            at = at[BatchSize..];
        }
        return at;
    }

    private static Span<byte> ReadProducer(Span<byte> at, List<ProducerState> producers)
    {
        var (id, epoch, time) = (BinaryPrimitives.ReadInt64BigEndian(at), BinaryPrimitives.ReadInt16BigEndian(at[8..]), BinaryPrimitives.ReadInt64BigEndian(at[10..]));
        var (open, count) = (BinaryPrimitives.ReadInt64BigEndian(at[18..]), at[26]);
        at = at[ProducerSize..];
        var batches = new List<WrittenBatch>(count);
        for (var i = 0; i < count; i++)
        {
            batches.Add(new WrittenBatch(
                BinaryPrimitives.ReadInt32BigEndian(at), BinaryPrimitives.ReadInt32BigEndian(at[4..]),
                BinaryPrimitives.ReadInt64BigEndian(at[8..]), BinaryPrimitives.ReadInt64BigEndian(at[16..])));
            at = at[BatchSize..];
        }
        producers.Add(new ProducerState(id, epoch, time, open, batches));
        return at;
    }
}
