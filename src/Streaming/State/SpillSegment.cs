using System.IO.MemoryMappedFiles;

namespace Streams.Streaming.State;

/// <summary>A file in memory's address space, unlinked as soon as it is mapped: the system keeps in memory what is used, and nothing of it outlives the process. A store that is thrown away without being disposed of gives its files back when it is collected.</summary>
internal sealed unsafe class SpillSegment : IDisposable
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;

    /// <exception cref="IOException">The folder cannot be written, or the disk is full: the file's room is taken now, so that no later write can fail.</exception>
    public SpillSegment(string directory, int capacity, int generation)
    {
        (Capacity, Generation) = (capacity, generation);
        var path = Path.Combine(directory, $"streams-spill-{Path.GetRandomFileName()}");
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            PreallocationSize = capacity,
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
            BufferSize = 0,
        };
        var stream = new FileStream(path, options);
        if (!OperatingSystem.IsWindows())
            File.Delete(path);
        file = MemoryMappedFile.CreateFromFile(stream, null, capacity, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        view = file.CreateViewAccessor(0, capacity);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    ~SpillSegment() => view?.SafeMemoryMappedViewHandle.ReleasePointer();

    public int Capacity { get; }

    /// <summary>Tells the segments apart that had the same number one after the other.</summary>
    public int Generation { get; }

    public int Used { get; set; }

    /// <summary>How many of the used bytes belong to entries that are still valid.</summary>
    public int Live { get; set; }

    public Span<byte> From(int offset) => new(start + offset, Capacity - offset);

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
        GC.SuppressFinalize(this);
    }
}
