using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Streams.Streaming.State.Local;

/// <summary>The file system.</summary>
internal sealed partial class DiskFiles : IStateFiles
{
    public void CreateDirectory(string path) => Directory.CreateDirectory(path);

    public IReadOnlyList<string> List(string directory) => !Directory.Exists(directory) ? []
        : [.. Directory.EnumerateFileSystemEntries(directory).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    public IStateFile Create(string path) => new DiskFile(File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read));

    public IStateFile Open(string path) => new DiskFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, FileOptions.SequentialScan));

    public void Rename(string from, string to)
    {
        if (Directory.Exists(from))
            Directory.Move(from, to);
        else
            File.Move(from, to, overwrite: true);
    }

    public void Delete(string path) => File.Delete(path);

    public void DeleteDirectory(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    /// <summary>.NET has no call for it; where directories cannot be opened, renames are as durable as the system makes them.</summary>
    public void SyncDirectory(string path)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS())
            return;
        var descriptor = open(path, 0);
        if (descriptor < 0)
            throw new IOException($"{path} cannot be opened to be synced: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        var result = fsync(descriptor);
        var error = Marshal.GetLastPInvokeError();
        close(descriptor);
        if (result != 0)
            throw new IOException($"{path} cannot be synced: {new Win32Exception(error).Message}");
    }

    public IDisposable? TryLock(string path)
    {
        try
        {
            // flock on Unix: it belongs to this handle, so that it keeps out other threads as well as other processes.
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1);
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            return null;
        }
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int descriptor);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    private sealed class DiskFile(SafeFileHandle handle) : IStateFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> into, long at)
        {
            var done = 0;
            while (done < into.Length)
            {
                var count = RandomAccess.Read(handle, into[done..], at + done);
                if (count == 0)
                    break;
                done += count;
            }
            return done;
        }

        public void Write(ReadOnlySpan<byte> bytes, long at) => RandomAccess.Write(handle, bytes, at);

        public void Sync() => RandomAccess.FlushToDisk(handle);

        public void Dispose() => handle.Dispose();
    }
}
