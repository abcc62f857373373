using System.Collections.Concurrent;
using Streams.Broker.Disk;

namespace Streams.Broker.Fuzz.Fuzzing;

/// <summary>A disk that is memory and forgets when it is dropped: millions of frames would wear out a real one.</summary>
internal sealed class MemoryDisk : IDisk
{
    private readonly ConcurrentDictionary<string, MemoryFile> _files = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _directories = new(StringComparer.Ordinal);

    public bool FileExists(string path) => _files.ContainsKey(path);

    public IReadOnlyList<string> Files(string directory) => [.. _files.Keys.Where(f => Path.GetDirectoryName(f) == directory).Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> Directories(string directory) => [.. _directories.Keys.Where(d => Path.GetDirectoryName(d) == directory).Order(StringComparer.Ordinal)];

    public IDiskFile Open(string path) => _files.GetOrAdd(path, _ => new MemoryFile());

    public void CreateDirectory(string path) => _directories[path] = true;

    public void SyncDirectory(string path)
    {
        // Names are there at once.
    }

    public void Move(string from, string to)
    {
        if (_files.TryRemove(from, out var file)) _files[to] = file;
    }

    public void DeleteFile(string path) => _files.TryRemove(path, out _);

    public void DeleteDirectory(string path)
    {
        foreach (var file in _files.Keys.Where(f => f.StartsWith(path + "/", StringComparison.Ordinal))) _files.TryRemove(file, out _);
        foreach (var directory in _directories.Keys.Where(d => d == path || d.StartsWith(path + "/", StringComparison.Ordinal))) _directories.TryRemove(directory, out _);
    }

    private sealed class MemoryFile : IDiskFile
    {
        private readonly Lock _gate = new();
        private byte[] _bytes = [];

        public long Length { get; private set; }

        public int Read(Span<byte> buffer, long position)
        {
            lock (_gate)
            {
                var count = (int)Math.Clamp(Length - position, 0, buffer.Length);
                _bytes.AsSpan((int)Math.Min(position, Length), count).CopyTo(buffer);
                return count;
            }
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            lock (_gate)
            {
                var end = (int)position + bytes.Length;
                if (end > _bytes.Length) Array.Resize(ref _bytes, Math.Max(end, _bytes.Length * 2));
                bytes.CopyTo(_bytes.AsSpan((int)position));
                Length = Math.Max(Length, end);
            }
        }

        public void SetLength(long length)
        {
            lock (_gate)
            {
                if (length > _bytes.Length) Array.Resize(ref _bytes, (int)length);
                if (length < Length) _bytes.AsSpan((int)length, (int)(Length - length)).Clear();
                Length = length;
            }
        }

        public void Sync()
        {
            // Memory is as lasting as this disk gets.
        }

        public void Dispose()
        {
            // The bytes stay for whoever opens the file again.
        }
    }
}
