using Streams.Broker.Disk;

namespace Streams.Broker.Crash.Tests.Disk;

/// <summary>A planted bug: the machine's disk, of which nothing is ever synced.</summary>
internal sealed class UnsyncedDisk : IDisk
{
    private readonly LocalDisk _disk = new();

    public bool FileExists(string path) => _disk.FileExists(path);

    public IReadOnlyList<string> Files(string directory) => _disk.Files(directory);

    public IReadOnlyList<string> Directories(string directory) => _disk.Directories(directory);

    public IDiskFile Open(string path) => new File(_disk.Open(path));

    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public void SyncDirectory(string path)
    {
    }

    public void Move(string from, string to) => _disk.Move(from, to);

    public void DeleteFile(string path) => _disk.DeleteFile(path);

    public void DeleteDirectory(string path) => _disk.DeleteDirectory(path);

    private sealed class File(IDiskFile file) : IDiskFile
    {
        public long Length => file.Length;

        public int Read(Span<byte> buffer, long position) => file.Read(buffer, position);

        public void Write(ReadOnlySpan<byte> bytes, long position) => file.Write(bytes, position);

        public void SetLength(long length) => file.SetLength(length);

        public void Sync()
        {
        }

        public void Dispose() => file.Dispose();
    }
}
