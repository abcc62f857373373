using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Streams.Broker.Disk;

/// <summary>The machine's file system. .NET has no call that syncs a directory; on Linux the system's own is used, elsewhere names need no syncing.</summary>
public sealed partial class LocalDisk : IDisk
{
    private const int OpenDirectory = 0x10000;
    private const int OpenCloseOnExec = 0x80000;

    public bool FileExists(string path) => File.Exists(path);

    public IReadOnlyList<string> Files(string directory) => Directory.Exists(directory) ? [.. Directory.GetFiles(directory).Order(StringComparer.Ordinal)] : [];

    public IReadOnlyList<string> Directories(string directory) => Directory.Exists(directory) ? [.. Directory.GetDirectories(directory).Order(StringComparer.Ordinal)] : [];

    public IDiskFile Open(string path)
    {
        try
        {
            return new LocalFile(File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    public void CreateDirectory(string path)
    {
        if (Directory.Exists(path)) return;
        var parent = Path.GetDirectoryName(Path.GetFullPath(path))!;
        CreateDirectory(parent);
        Directory.CreateDirectory(path);
        SyncDirectory(path);
        SyncDirectory(parent);
    }

    public void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsLinux()) return;
        var descriptor = Open(path, OpenDirectory | OpenCloseOnExec);
        if (descriptor < 0) throw new IOException($"cannot open directory {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (FSync(descriptor) != 0) throw new IOException($"cannot sync directory {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    public void Move(string from, string to) => File.Move(from, to, overwrite: true);

    public void DeleteFile(string path) => File.Delete(path);

    public void DeleteDirectory(string path)
    {
        if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    private sealed class LocalFile(SafeFileHandle handle) : IDiskFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> buffer, long position)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], position + total);
                if (read == 0) break;
                total += read;
            }
            return total;
        }

        public void Write(ReadOnlySpan<byte> bytes, long position) => RandomAccess.Write(handle, bytes, position);

        public void SetLength(long length) => RandomAccess.SetLength(handle, length);

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
