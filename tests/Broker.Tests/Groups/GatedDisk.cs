using Streams.Broker.Disk;

namespace Streams.Broker.Tests.Groups;

/// <summary>The real disk, whose syncs wait while the gate is closed.</summary>
internal sealed class GatedDisk : IDisk
{
    private readonly LocalDisk _disk = new();

    public ManualResetEventSlim Gate { get; } = new(true);

    public bool FileExists(string path) => _disk.FileExists(path);

    public IReadOnlyList<string> Files(string directory) => _disk.Files(directory);

    public IReadOnlyList<string> Directories(string directory) => _disk.Directories(directory);

    public IDiskFile Open(string path) => new GatedFile(_disk.Open(path), Gate);

    public void CreateDirectory(string path) => _disk.CreateDirectory(path);

    public void SyncDirectory(string path) => _disk.SyncDirectory(path);

    public void Move(string from, string to) => _disk.Move(from, to);

    public void DeleteFile(string path) => _disk.DeleteFile(path);

    public void DeleteDirectory(string path) => _disk.DeleteDirectory(path);

    private sealed class GatedFile(IDiskFile file, ManualResetEventSlim gate) : IDiskFile
    {
        public long Length => file.Length;


        public int Read(Span<byte> buffer, long position) => file.Read(buffer, position);

        public void Write(ReadOnlySpan<byte> bytes, long position) => file.Write(bytes, position);

        public void SetLength(long length) => file.SetLength(length);

        public void Sync()
        {
            gate.Wait();
            file.Sync();
        }

        public void Dispose() => file.Dispose();
    }
}
