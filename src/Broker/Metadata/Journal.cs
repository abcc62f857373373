using Microsoft.Extensions.Logging;
using Streams.Broker.Disk;
using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>
/// The broker's one log of metadata and coordinators, in frames (<see cref="JournalFrame"/>). A bad frame is damage when a sound one says that the place was
/// durable, else the torn tail of a write that nobody was told of. When it has grown it is written anew from what it says in the end: a new file that begins
/// with <see cref="JournalCondensed"/>, takes the old one's name once it is on disk, and whose frames say that all of it is. What no later frame can say of
/// the last ones, a <see cref="DurablePoint"/> beside the file says; it goes before the file is replaced, and is never ahead of the truth.
/// </summary>
internal sealed class Journal : IFlushable, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Lock _flushing = new();
    private readonly LogHost _host;
    private readonly string _path;
    private readonly GroupCommit _commit;
    private readonly DurablePoint _durablePoint;
    private IDiskFile _file;
    private long _size;
    private long _durable;
    private long _condensed;

    public Journal(LogHost host, string path, GroupCommit commit)
    {
        _host = host;
        _path = path;
        _commit = commit;
        _durablePoint = new DurablePoint(host.Disk, path + ".durable");
        _file = host.Disk.Open(path);
        host.Disk.SyncDirectory(Path.GetDirectoryName(path)!);
    }

    private string Draft => _path + ".new";

    /// <summary>Bytes that were written since it was condensed, and what was left of it then.</summary>
    public (long Grown, long Condensed) Sizes
    {
        get
        {
            lock (_gate) return (_size - _condensed, _condensed);
        }
    }

    /// <summary>Reads all entries in order.</summary>
    /// <exception cref="InvalidDataException">An entry that was on disk is damaged or unknown; the broker must not start.</exception>
    public void Replay(Action<JournalEntry> apply, ILogger log)
    {
        if (_host.Disk.FileExists(Draft)) _host.Disk.DeleteFile(Draft);
        var reader = new JournalReader(_file);
        var claimed = _durablePoint.Read().Position;
        while (reader.TryFrame(_size, out var json, out var durable))
        {
            var entry = JournalFrame.Entry(json, _size);
            if (entry is JournalCondensed) _condensed = durable;
            else apply(entry);
            claimed = Math.Max(claimed, durable);
            _size += JournalFrame.HeaderSize + json.Length;
        }
        if (claimed > _size || (_size < reader.Length && reader.WasDurable(_size)))
            throw new InvalidDataException($"the broker's journal is damaged at byte {_size}; restore it from a copy");
        if (_size < reader.Length)
        {
            log.JournalTruncated(reader.Length - _size);
            _file.SetLength(_size);
        }
        _file.Sync();
        _durable = _size;
        _durablePoint.Write(0, _size);
    }

    /// <summary>Writes an entry; it counts once <see cref="FlushAsync"/> has completed.</summary>
    /// <exception cref="IOException">The disk is full or broken; the journal is as before.</exception>
    public void Append(JournalEntry entry)
    {
        var frame = JournalFrame.Create(entry);
        lock (_gate)
        {
            JournalFrame.Seal(frame.Span, _size, _durable);
            try
            {
                _file.Write(frame.Span, _size);
            }
            catch (IOException)
            {
                _file.SetLength(_size);
                throw;
            }
            _size += frame.Length;
        }
        KillPoint.Reached("broker.after_journal_entry");
    }

    public Task FlushAsync() => _commit.FlushAsync(this);

    public void Flush()
    {
        lock (_flushing)
        {
            long size;
            lock (_gate) size = _size;
            _file.Sync();
            KillPoint.Reached("broker.after_journal_fsync");
            lock (_gate) _durable = size;
            _durablePoint.Write(0, size);
        }
    }

    /// <summary>
    /// Writes the journal anew from the entries, which must say the same as all that was appended; the caller keeps others from appending meanwhile.
    /// A crash at any step leaves the old or the new one.
    /// </summary>
    /// <exception cref="IOException">The disk is full or broken; the journal is as before.</exception>
    public void Condense(IEnumerable<JournalEntry> entries)
    {
        lock (_flushing)
        lock (_gate)
        {
            var draft = WriteDraft(entries, out var size);
            KillPoint.Reached("broker.before_journal_rename");
            _durablePoint.Delete();
            _host.Disk.SyncDirectory(Path.GetDirectoryName(_path)!);
            try
            {
                _host.Disk.Move(Draft, _path);
                _host.Disk.SyncDirectory(Path.GetDirectoryName(_path)!);
            }
            catch (IOException e)
            {
                // Which of the two a restart would find is not known, so that neither may take another entry.
                _host.Fatal("the broker's journal could not be renamed", e);
                throw;
            }
            KillPoint.Reached("broker.after_journal_rename");
            _file.Dispose();
            _file = draft;
            _size = _durable = _condensed = size;
            _durablePoint.Write(0, size);
        }
    }

    public void Dispose()
    {
        lock (_flushing)
        {
            _file.Dispose();
            _durablePoint.Dispose();
        }
    }

    private IDiskFile WriteDraft(IEnumerable<JournalEntry> entries, out long size)
    {
        var file = _host.Disk.Open(Draft);
        try
        {
            file.SetLength(0);
            var first = JournalFrame.Create(new JournalCondensed()).Span;
            var buffer = new MemoryStream();
            long position = first.Length, written = position;
            foreach (var entry in entries)
            {
                // The file has its name only once all of it is on disk: each frame may say so of what stands before it, and the first of the whole.
                var frame = JournalFrame.Create(entry).Span;
                JournalFrame.Seal(frame, position, durable: position);
                buffer.Write(frame);
                position += frame.Length;
                if (buffer.Length >= 1 << 20) written = WriteOut(file, buffer, written);
            }
            WriteOut(file, buffer, written);
            JournalFrame.Seal(first, 0, durable: position);
            file.Write(first, 0);
            file.Sync();
            size = position;
            return file;
        }
        catch (IOException)
        {
            file.Dispose();
            _host.Disk.DeleteFile(Draft);
            throw;
        }
    }

    private static long WriteOut(IDiskFile file, MemoryStream buffer, long position)
    {
        file.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length), position);
        position += buffer.Length;
        buffer.SetLength(0);
        return position;
    }
}
