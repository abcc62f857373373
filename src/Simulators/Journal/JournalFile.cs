using Microsoft.Win32.SafeHandles;

namespace Streams.Simulators;

/// <summary>
/// Lines appended to a file and read back by place. What is appended can be read at once; <see cref="DurableAsync"/> ends when it is on disk, and one
/// flush serves all that wait for it. A line that a crash cut short is cut off at the next start: nobody was told of it.
/// </summary>
sealed class JournalFile : IDisposable
{
    const int ReadSize = 1 << 20;

    readonly Lock _lock = new();
    readonly SafeFileHandle _file;
    long _end, _durable;
    bool _flushing;
    TaskCompletionSource _next = NewGroup();

    /// <param name="path">Made when it is missing, with its folder.</param>
    /// <param name="line">Called for each line that is there, with its place.</param>
    public JournalFile(string path, Action<ReadOnlyMemory<byte>, long> line)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder) Directory.CreateDirectory(folder);
        _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        _end = _durable = Scan(_file, line);
        RandomAccess.SetLength(_file, _end);
    }

    /// <summary>Calls for each whole line; returns where the last one ends.</summary>
    public static long Scan(SafeFileHandle file, Action<ReadOnlyMemory<byte>, long> line)
    {
        var buffer = new byte[ReadSize];
        var (start, filled) = (0L, 0);
        while (true)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(filled), start + filled);
            if (read == 0) return start;
            filled += read;
            var used = 0;
            for (int length; (length = buffer.AsSpan(used, filled - used).IndexOf((byte)'\n')) >= 0; used += length + 1)
                line(buffer.AsMemory(used, length), start + used);
            buffer.AsSpan(used, filled - used).CopyTo(buffer);
            (start, filled) = (start + used, filled - used);
            if (filled == buffer.Length) Array.Resize(ref buffer, checked(buffer.Length * 2));
        }
    }

    /// <summary>Appends a line, which ends in a line feed, and returns its place.</summary>
    public long Append(ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            var place = _end;
            RandomAccess.Write(_file, line, place);
            _end += line.Length;
            return place;
        }
    }

    public byte[] Read(long place, int length)
    {
        var bytes = new byte[length];
        var read = 0;
        while (read < length)
        {
            var count = RandomAccess.Read(_file, bytes.AsSpan(read), place + read);
            if (count == 0) throw new EndOfStreamException($"The journal ends before {place + length}");
            read += count;
        }
        return bytes;
    }

    /// <summary>Ends when everything appended so far is on disk.</summary>
    public Task DurableAsync()
    {
        lock (_lock)
        {
            if (_durable >= _end) return Task.CompletedTask;
            var group = _next.Task;
            if (!_flushing)
            {
                _flushing = true;
                _ = Task.Run(FlushAll);
            }
            return group;
        }
    }

    public void Dispose() => _file.Dispose();

    void FlushAll()
    {
        while (true)
        {
            TaskCompletionSource group;
            long upTo;
            bool done;
            lock (_lock)
            {
                (group, upTo, done) = (_next, _end, _durable >= _end);
                _next = NewGroup();
                if (done) _flushing = false;
            }
            if (done)
            {
                // Whoever came during the last flush, with nothing appended since: what he waits for is on disk.
                group.SetResult();
                return;
            }
            Flush(group, upTo);
        }
    }

    void Flush(TaskCompletionSource group, long upTo)
    {
        try
        {
            RandomAccess.FlushToDisk(_file);
            lock (_lock) _durable = upTo;
            group.SetResult();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // Whoever waits gets the error instead of an answer; what is not on disk stays so.
            lock (_lock) _durable = upTo;
            group.SetException(e);
        }
    }

    static TaskCompletionSource NewGroup() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
