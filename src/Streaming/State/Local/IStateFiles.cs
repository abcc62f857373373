namespace Streams.Streaming.State.Local;

/// <summary>The few file operations that local state is made of; tests put a file system in memory here, with crashes at each of them.</summary>
internal interface IStateFiles
{
    void CreateDirectory(string path);

    /// <summary>Names of the files and directories in a directory, in ordinal order; none when it does not exist.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>A new empty file in place of whatever bore the name.</summary>
    IStateFile Create(string path);

    /// <summary>For reading.</summary>
    IStateFile Open(string path);

    /// <summary>Atomic; a file of the new name is replaced.</summary>
    void Rename(string from, string to);

    void Delete(string path);

    /// <summary>With everything in it.</summary>
    void DeleteDirectory(string path);

    /// <summary>Makes creations, renames and deletions in a directory safe from power loss.</summary>
    void SyncDirectory(string path);

    /// <summary>An exclusive lock that ends with the process at the latest, or null while anybody has it, in this process or another.</summary>
    IDisposable? TryLock(string path);
}

internal interface IStateFile : IDisposable
{
    long Length { get; }

    /// <summary>Bytes read; fewer than asked for only at the end of the file.</summary>
    int Read(Span<byte> into, long at);

    void Write(ReadOnlySpan<byte> bytes, long at);

    /// <summary>fsync.</summary>
    void Sync();
}
