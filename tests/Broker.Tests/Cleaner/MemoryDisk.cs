using Streams.Broker.Disk;

namespace Streams.Broker.Tests.Cleaner;

/// <summary>A disk in memory that loses nothing: for tests that are about what is written, not about crashes.</summary>
internal sealed class MemoryDisk : IDisk
{
    private readonly SortedDictionary<string, MemoryFile> _files = new(StringComparer.Ordinal);

    public bool FileExists(string path) => _files.ContainsKey(path);

    public IReadOnlyList<string> Files(string directory) => [.. _files.Keys.Where(f => Path.GetDirectoryName(f) == directory)];

    public IReadOnlyList<string> Directories(string directory) => [];

    public IDiskFile Open(string path)
    {
        if (!_files.TryGetValue(path, out var file)) _files[path] = file = new MemoryFile();
        return file;
    }

    public void CreateDirectory(string path)
    {
    }

    public void SyncDirectory(string path)
    {
    }

    public void Move(string from, string to)
    {
        _files[to] = _files[from];
        _files.Remove(from);
    }

    public void DeleteFile(string path) => _files.Remove(path);

    public void DeleteDirectory(string path)
    {
    }

    private sealed class MemoryFile : IDiskFile
    {
        private byte[] _bytes = new byte[256];

        public long Length { get; private set; }

        public int Read(Span<byte> buffer, long position)
        {
            var count = (int)Math.Clamp(Length - position, 0, buffer.Length);
            _bytes.AsSpan((int)position, count).CopyTo(buffer);
            return count;
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            if (position + bytes.Length > Length) SetLength(position + bytes.Length);
            bytes.CopyTo(_bytes.AsSpan((int)position));
        }

        public void SetLength(long length)
        {
            if (length > _bytes.Length) Array.Resize(ref _bytes, (int)Math.Max(length, 2L * _bytes.Length));
            if (length < Length) _bytes.AsSpan((int)length).Clear();
            Length = length;
        }

        public void Sync()
        {
        }

        public void Dispose()
        {
        }
    }
}
