using Microsoft.Win32.SafeHandles;
using Streams.Broker.Disk;

namespace Streams.Broker.Tests.Transactions;

/// <summary>The local disk, whose syncs are counted and which is full for the files that a test names.</summary>
public sealed class WatchedDisk : IDisk
{
    private readonly LocalDisk _disk = new();
    private long _syncs;

    public long Syncs => Interlocked.Read(ref _syncs);

    /// <summary>Files that cannot be written, by path.</summary>
    public Func<string, bool> IsFull { get; set; } = _ => false;

    public bool FileExists(string path) => _disk.FileExists(path);

    public IReadOnlyList<string> Files(string directory) => _disk.Files(directory);

    public IReadOnlyList<string> Directories(string directory) => _disk.Directories(directory);

    public IDiskFile Open(string path) => new WatchedFile(this, path, _disk.Open(path));

    public void CreateDirectory(string path) => _disk.CreateDirectory(path);

    public void SyncDirectory(string path) => _disk.SyncDirectory(path);

    public void Move(string from, string to) => _disk.Move(from, to);

    public void DeleteFile(string path) => _disk.DeleteFile(path);

    public void DeleteDirectory(string path) => _disk.DeleteDirectory(path);

    private sealed class WatchedFile(WatchedDisk disk, string path, IDiskFile file) : IDiskFile
    {
        public long Length => file.Length;

        public SafeFileHandle? Handle => file.Handle;

        public int Read(Span<byte> buffer, long position) => file.Read(buffer, position);

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            if (disk.IsFull(path)) throw new IOException("no space left on device");
            file.Write(bytes, position);
        }

        public void SetLength(long length) => file.SetLength(length);

        public void Sync()
        {
            Interlocked.Increment(ref disk._syncs);
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
