using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Streams.Broker.Disk;
using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>
/// The broker's one log of metadata and coordinators. Frame: length, CRC-32C of the rest, how far the file was durable when the frame was written, JSON.
/// A bad frame is damage when a later frame says that the place was durable, else the torn tail of a write that nobody was told of.
/// </summary>
internal sealed class Journal : IFlushable, IDisposable
{
    private const int HeaderSize = 16;
    private const int MaxFrame = 16 << 20;
    private readonly Lock _gate = new();
    private readonly IDiskFile _file;
    private readonly GroupCommit _commit;
    private long _size;
    private long _durable;

    public Journal(IDisk disk, string path, GroupCommit commit)
    {
        _commit = commit;
        _file = disk.Open(path);
        disk.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>Reads all entries in order.</summary>
    /// <exception cref="InvalidDataException">An entry that was on disk is damaged; the broker must not start.</exception>
    public void Replay(Action<JournalEntry> apply, ILogger log)
    {
        var bytes = new byte[_file.Length];
        _file.Read(bytes, 0);
        while (TryFrame(bytes, (int)_size, out var length, out _))
        {
            apply(JsonSerializer.Deserialize<JournalEntry>(bytes.AsSpan((int)_size + HeaderSize, length))!);
            _size += HeaderSize + length;
        }
        if (_size < bytes.Length) CutTail(bytes, log);
        _file.Sync();
        _durable = _size;
    }

    /// <summary>Writes an entry; it counts once <see cref="FlushAsync"/> has completed.</summary>
    public void Append(JournalEntry entry)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(entry);
        if (json.Length > MaxFrame) throw new InvalidOperationException($"journal entry of {json.Length} bytes");
        var frame = new byte[HeaderSize + json.Length];
        json.CopyTo(frame, HeaderSize);
        lock (_gate)
        {
            BinaryPrimitives.WriteInt32BigEndian(frame, json.Length);
            BinaryPrimitives.WriteInt64BigEndian(frame.AsSpan(8), _durable);
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), Crc32C.Compute(frame.AsSpan(8)));
            _file.Write(frame, _size);
            _size += frame.Length;
        }
        KillPoint.Reached("broker.after_journal_entry");
    }

    public Task FlushAsync() => _commit.FlushAsync(this);

    public void Flush()
    {
        long size;
        lock (_gate) size = _size;
        _file.Sync();
        KillPoint.Reached("broker.after_journal_fsync");
        lock (_gate) _durable = size;
    }

    public void Dispose() => _file.Dispose();

    private static bool TryFrame(byte[] bytes, int position, out int length, out long durable)
    {
        (length, durable) = (0, 0);
        if (bytes.Length - position < HeaderSize) return false;
        length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(position));
        if (length <= 0 || length > MaxFrame || length > bytes.Length - position - HeaderSize) return false;
        durable = BinaryPrimitives.ReadInt64BigEndian(bytes.AsSpan(position + 8));
        return BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(position + 4)) == Crc32C.Compute(bytes.AsSpan(position + 8, 8 + length));
    }

    private void CutTail(byte[] bytes, ILogger log)
    {
        for (var position = (int)_size + 1; position < bytes.Length; position++)
        {
            if (TryFrame(bytes, position, out _, out var durable) && durable > _size)
                throw new InvalidDataException($"the broker's journal is damaged at byte {_size}; restore it from a copy");
        }
        log.JournalTruncated(bytes.Length - _size);
        _file.SetLength(_size);
    }
}
