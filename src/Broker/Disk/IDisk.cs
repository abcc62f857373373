namespace Streams.Broker.Disk;

/// <summary>
/// What the broker asks of a file system, and no more: so that tests can put a disk beneath it which forgets, after a power cut, what was not synced.
/// A write lasts after <see cref="IDiskFile.Sync"/>; the name of a file, its removal and its renaming last after <see cref="SyncDirectory"/>.
/// </summary>
public interface IDisk
{
    bool FileExists(string path);

    /// <summary>Full paths of the files in a directory, in ordinal order; none where the directory is missing.</summary>
    IReadOnlyList<string> Files(string directory);

    /// <summary>Full paths of the directories in a directory, in ordinal order; none where it is missing.</summary>
    IReadOnlyList<string> Directories(string directory);

    /// <summary>Opens a file to read and write; makes it when missing.</summary>
    /// <exception cref="IOException">It cannot be opened or made.</exception>
    IDiskFile Open(string path);

    /// <summary>Makes the directory, with what leads to it, and makes the names last.</summary>
    void CreateDirectory(string path);

    void SyncDirectory(string path);

    /// <summary>Renames a file over another, as one step.</summary>
    void Move(string from, string to);

    void DeleteFile(string path);

    /// <summary>Deletes a directory with all that it holds; nothing happens where it is missing.</summary>
    void DeleteDirectory(string path);
}

/// <summary>An open file of an <see cref="IDisk"/>; reads and writes name their position.</summary>
public interface IDiskFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    int Read(Span<byte> buffer, long position);

    /// <exception cref="IOException">Not all of it was written; what did get in is not known.</exception>
    void Write(ReadOnlySpan<byte> bytes, long position);

    void SetLength(long length);

    /// <summary>fsync. A failure is final: the kernel drops the pages, so that a second call would succeed and lie.</summary>
    void Sync();
}
