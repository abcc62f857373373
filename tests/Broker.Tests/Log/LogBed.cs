using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using Streams.Broker.Log;

namespace Streams.Broker.Tests.Log;

/// <summary>A clock that stands until it is moved.</summary>
public sealed class StandingClock : TimeProvider
{
    public long Now { get; set; } = 1_700_000_000_000;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Now);
}

/// <summary>What was logged, as text.</summary>
public sealed class LoggedLines : ILogger
{
    public List<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (Lines) Lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}

/// <summary>One partition's log over a disk in memory.</summary>
internal sealed class LogBed
{
    public const string Directory = "/data/topics/t";

    public MemoryDisk Disk { get; set; } = new();

    public StandingClock Clock { get; } = new();

    public LoggedLines Logged { get; } = new();

    public List<string> Deaths { get; } = [];

    public LogConfig Config { get; set; } = new() { RetentionMs = -1, SegmentBytes = 250 };

    public PartitionLog Open()
    {
        var log = new PartitionLog(new LogHost(Disk, Clock, (reason, _) => Deaths.Add(reason)), Directory, "t", 0, Config);
        log.Recover(Logged);
        return log;
    }

    /// <summary>The log after kill -9, or after whatever was done to its files.</summary>
    public PartitionLog Reopen(PartitionLog log)
    {
        log.Dispose();
        return Open();
    }

    public static string SegmentPath(long baseOffset) => FormattableString.Invariant($"{Directory}/0-{baseOffset:D20}.log");

    public IReadOnlyList<string> Segments => [.. Disk.Files(Directory).Where(f => f.EndsWith(".log", StringComparison.Ordinal))];

    /// <summary>Appends a batch of one record per time and flushes.</summary>
    public static long Append(PartitionLog log, params long[] times)
    {
        var appended = log.Append(Batch(times));
        Assert.Equal(Protocol.ErrorCode.None, appended.Error);
        log.Flush();
        return appended.BaseOffset;
    }

    /// <summary>All batches that can be read, as the offset and the first bytes of the value of each record.</summary>
    public static List<(long Offset, string Value)> ReadAll(PartitionLog log, bool committedOnly = false, int maxBytes = 300)
    {
        var records = new List<(long, string)>();
        var end = log.EndFor(committedOnly);
        for (var offset = log.LogStartOffset; offset < end;)
        {
            var slice = log.Slice(offset, end, maxBytes, atLeastOne: true);
            if (slice.Segment is null) break;
            var bytes = new byte[slice.Length];
            Assert.Equal(bytes.Length, slice.Segment.File.Read(bytes, slice.Position));
            for (var rest = bytes.AsSpan(); rest.Length > 0;)
            {
                var size = (int)new RecordBatch(rest).Size;
                Assert.True(RecordBatch.IsSound(rest[..size]));
                foreach (var record in Values(new RecordBatch(rest[..size]))) if (record.Offset >= offset) records.Add(record);
                rest = rest[size..];
            }
            Assert.True(slice.EndOffset > offset);
            offset = slice.EndOffset;
        }
        return records;
    }

    public static byte[] Batch(params long[] times) => Batch("value", times);

    /// <summary>An uncompressed batch whose records have the value and no key.</summary>
    public static byte[] Batch(string value, long[] times, long producerId = -1, short epoch = -1, int sequence = -1, bool transactional = false)
    {
        using var records = new MemoryStream();
        for (var i = 0; i < times.Length; i++)
        {
            var body = new MemoryStream();
            body.WriteByte(0);
            Varint(body, times[i] - times[0]);
            Varint(body, i);
            Varint(body, -1);
            Varint(body, value.Length);
            body.Write(System.Text.Encoding.ASCII.GetBytes(value));
            Varint(body, 0);
            Varint(records, body.Length);
            body.WriteTo(records);
        }
        var batch = new byte[RecordBatch.HeaderSize + records.Length];
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(8), batch.Length - RecordBatch.LengthOverhead);
        batch[16] = 2;
        BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(21), (short)(transactional ? 0x10 : 0));
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(23), times.Length - 1);
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(27), times[0]);
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(35), times.Max());
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(43), producerId);
        BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(51), epoch);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(53), sequence);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(57), times.Length);
        records.ToArray().CopyTo(batch, RecordBatch.HeaderSize);
        BinaryPrimitives.WriteUInt32BigEndian(batch.AsSpan(17), Crc32C.Compute(batch.AsSpan(21)));
        return batch;
    }

    private static List<(long Offset, string Value)> Values(RecordBatch batch)
    {
        var values = new List<(long, string)>();
        if (batch.IsControl) return [(batch.BaseOffset, ControlBatch.IsCommit(batch) ? "commit" : "abort")];
        var stream = new MemoryStream(batch.Records.ToArray());
        for (var i = 0; i < batch.RecordCount; i++)
        {
            ReadVarint(stream);
            stream.ReadByte();
            ReadVarint(stream);
            var offset = batch.BaseOffset + ReadVarint(stream);
            ReadVarint(stream);
            var value = new byte[ReadVarint(stream)];
            stream.ReadExactly(value);
            ReadVarint(stream);
            values.Add((offset, System.Text.Encoding.ASCII.GetString(value)));
        }
        return values;
    }

    private static void Varint(Stream stream, long value)
    {
        var rest = unchecked((ulong)((value << 1) ^ (value >> 63)));
        for (; rest > 0x7F; rest >>= 7) stream.WriteByte((byte)(rest & 0x7F | 0x80));
        stream.WriteByte((byte)rest);
    }

    private static long ReadVarint(Stream stream)
    {
        var value = 0L;
        for (var shift = 0; ; shift += 7)
        {
            var b = stream.ReadByte();
            value |= (long)(b & 0x7F) << shift;
            if (b < 0x80) return (value >> 1) ^ -(value & 1);
        }
    }
}
