using System.Buffers;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Streams.Broker.Log;

internal sealed partial class PartitionLog
{
    /// <summary>
    /// Reads the whole log back: every batch's checksum is verified and all derived state is rebuilt. A torn tail is cut off;
    /// bytes that are bad although they were known to be on disk are damage, which closes the partition and leaves its files alone.
    /// </summary>
    public void Recover(ILogger log)
    {
        var (durableSegment, durablePosition) = _durablePoint.Read();
        var files = _disk.Files(_directory).Where(f => IsSegment(Path.GetFileName(f))).ToArray();
        for (var i = 0; i < files.Length && !IsDamaged; i++)
        {
            var baseOffset = long.Parse(Path.GetFileNameWithoutExtension(files[i]).Split('-')[1], CultureInfo.InvariantCulture);
            var segment = new Segment(_disk, files[i], baseOffset) { IsNamed = true };
            _segments.Add(segment);
            if (i == 0) LogEndOffset = baseOffset;
            Scan(segment);
            var length = segment.File.Length;
            if (segment.Size == length && segment.BaseOffset <= LogEndOffset) continue;
            var wasDurable = i < files.Length - 1 || segment.BaseOffset < durableSegment || (segment.BaseOffset == durableSegment && segment.Size < durablePosition);
            if (wasDurable) Refuse(segment, log);
            else CutTail(segment, length, log);
        }
        if (!IsDamaged && files.Length > 0) MissingBytes(durableSegment, durablePosition, log);
        HighWatermark = LogEndOffset;
        if (!IsDamaged) Flush();
    }

    private bool IsSegment(string file) =>
        file.StartsWith(FormattableString.Invariant($"{Partition}-"), StringComparison.Ordinal) && file.EndsWith(".log", StringComparison.Ordinal);

    private void MissingBytes(long durableSegment, long durablePosition, ILogger log)
    {
        var last = _segments[^1];
        if (last.BaseOffset < durableSegment || (last.BaseOffset == durableSegment && last.Size < durablePosition)) Refuse(last, log);
    }

    private void Scan(Segment segment)
    {
        var length = segment.File.Length;
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 20);
        Span<byte> header = stackalloc byte[RecordBatch.HeaderSize];
        while (length - segment.Size >= RecordBatch.HeaderSize)
        {
            segment.File.Read(header, segment.Size);
            var size = new RecordBatch(header).Size;
            if (size < RecordBatch.HeaderSize || size > length - segment.Size) break;
            if (buffer.Length < size)
            {
                ArrayPool<byte>.Shared.Return(buffer);
                buffer = ArrayPool<byte>.Shared.Rent((int)size);
            }
            var bytes = buffer.AsSpan(0, (int)size);
            if (segment.File.Read(bytes, segment.Size) != size || !RecordBatch.IsSound(bytes)) break;
            var batch = new RecordBatch(bytes);
            if (batch.BaseOffset != LogEndOffset) break;
            segment.Note((int)size, batch.BaseOffset, batch.MaxTimestamp);
            Apply(batch);
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void CutTail(Segment segment, long length, ILogger log)
    {
        log.TailTruncated(Topic, Partition, length - segment.Size, LogEndOffset);
        segment.File.SetLength(segment.Size);
        segment.File.Sync();
    }

    private void Refuse(Segment segment, ILogger log)
    {
        log.LogDamaged(Topic, Partition, segment.Path, segment.Size, LogEndOffset);
        IsDamaged = true;
    }
}
