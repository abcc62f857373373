using Streams.Broker.Disk;

namespace Streams.Broker.Crash.Tests.Disk;

/// <summary>Bugs that are planted into the disk to see whether the checks find them.</summary>
[Flags]
internal enum Planted
{
    None = 0,
    FilesAreNotSynced = 1,
    DirectoriesAreNotSynced = 2,
}

/// <summary>A disk in memory that writes down everything that is asked of it, in order; <see cref="PowerCut"/> makes of the trace what a power cut would leave.</summary>
internal sealed class SimulatedDisk : IDisk
{
    private readonly Lock _gate = new();
    private readonly string _root;
    private readonly Planted _planted;
    private readonly HashSet<string> _directories;
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private readonly List<MemoryFile> _files = [];
    private readonly List<Operation> _trace = [];

    /// <param name="root">The data folder as the broker knows it; nothing is stored there.</param>
    /// <param name="start">What the disk holds, all of it synced.</param>
    public SimulatedDisk(string root, DiskImage start, Planted planted = Planted.None)
    {
        _root = root;
        _planted = planted;
        Start = start;
        _directories = [.. start.Directories];
        foreach (var (path, bytes) in start.Files.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            _names[path] = _files.Count;
            _files.Add(new MemoryFile(bytes));
        }
    }

    public DiskImage Start { get; }

    /// <summary>Writes and new files fail for lack of space; of a write a part gets in, as on real disks.</summary>
    public bool IsFull { get; set; }

    /// <summary>The disk is full for the write that comes so many after this one, and for no other; null: for none.</summary>
    public int? FullAtWrite { get; set; }

    /// <summary>fsync fails with an input/output error.</summary>
    public bool SyncsFail { get; set; }

    /// <summary>Everything that happened so far.</summary>
    public Operation[] Trace()
    {
        lock (_gate) return [.. _trace];
    }

    /// <summary>What a clean stop would leave: everything.</summary>
    public DiskImage Now()
    {
        lock (_gate) return new DiskImage(_directories.ToHashSet(), _names.ToDictionary(n => n.Key, n => _files[n.Value].ToArray()));
    }

    /// <summary>Puts what a client sent or learned into the trace.</summary>
    public void Note(Workload.Event told)
    {
        lock (_gate) _trace.Add(new Told(told));
    }

    public bool FileExists(string path)
    {
        lock (_gate) return _names.ContainsKey(Relative(path));
    }

    public IReadOnlyList<string> Files(string directory)
    {
        lock (_gate) return [.. Children(_names.Keys, Relative(directory)).Select(Absolute)];
    }

    public IReadOnlyList<string> Directories(string directory)
    {
        lock (_gate) return [.. Children(_directories, Relative(directory)).Select(Absolute)];
    }

    public IDiskFile Open(string path)
    {
        lock (_gate)
        {
            var name = Relative(path);
            if (!_directories.Contains(ParentOf(name))) throw new DirectoryNotFoundException(path);
            if (_names.TryGetValue(name, out var known)) return new OpenFile(this, known);
            if (IsFull) throw new IOException("no space left for a new file");
            _names[name] = _files.Count;
            _files.Add(new MemoryFile([]));
            _trace.Add(new Create(name, _files.Count - 1));
            return new OpenFile(this, _files.Count - 1);
        }
    }

    public void CreateDirectory(string path)
    {
        lock (_gate) Make(Relative(path));
    }

    public void SyncDirectory(string path)
    {
        lock (_gate) Sync(Relative(path));
    }

    public void Move(string from, string to)
    {
        lock (_gate)
        {
            var (source, target) = (Relative(from), Relative(to));
            if (!_names.Remove(source, out var file)) throw new FileNotFoundException(from);
            _names[target] = file;
            _trace.Add(new Rename(source, target, file));
        }
    }

    public void DeleteFile(string path)
    {
        lock (_gate) Remove(Relative(path));
    }

    public void DeleteDirectory(string path)
    {
        lock (_gate) RemoveTree(Relative(path));
    }

    internal static string ParentOf(string path) => path.Contains('/') ? path[..path.LastIndexOf('/')] : "";

    /// <summary>How much of a write gets in; what overwrites old bytes needs no space.</summary>
    private int Fits(int length, long overwritten)
    {
        if (overwritten >= length) return length;
        var isFull = IsFull || FullAtWrite == 0;
        if (FullAtWrite is { } left) FullAtWrite = left > 0 ? left - 1 : null;
        return isFull ? length / 2 : length;
    }

    private static IEnumerable<string> Children(IEnumerable<string> paths, string directory) =>
        paths.Where(p => p.Length > 0 && ParentOf(p) == directory).Order(StringComparer.Ordinal);

    private string Relative(string path) => path == _root ? "" : path.StartsWith(_root + "/", StringComparison.Ordinal)
        ? path[(_root.Length + 1)..] : throw new ArgumentException($"{path} is outside of {_root}");

    private string Absolute(string path) => $"{_root}/{path}";

    private void Make(string path)
    {
        if (_directories.Contains(path)) return;
        Make(ParentOf(path));
        _directories.Add(path);
        _trace.Add(new MakeDirectory(path));
        Sync(ParentOf(path));
    }

    private void Sync(string path)
    {
        if (!_directories.Contains(path)) throw new DirectoryNotFoundException(path);
        if (!_planted.HasFlag(Planted.DirectoriesAreNotSynced)) _trace.Add(new SyncDirectory(path));
    }

    private void Remove(string path)
    {
        if (_names.Remove(path)) _trace.Add(new Delete(path));
    }

    private void RemoveTree(string path)
    {
        foreach (var file in Children(_names.Keys, path).ToArray()) Remove(file);
        foreach (var directory in Children(_directories, path).ToArray()) RemoveTree(directory);
        if (_directories.Remove(path)) _trace.Add(new RemoveDirectory(path));
    }

    private sealed class OpenFile(SimulatedDisk disk, int number) : IDiskFile
    {
        private bool _closed;

        public long Length => With(file => file.Length);

        public int Read(Span<byte> buffer, long position)
        {
            lock (disk._gate) return Content().Read(buffer, position);
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            lock (disk._gate)
            {
                var fits = disk.Fits(bytes.Length, Content().Length - position);
                Content().Write(bytes[..fits], position);
                if (fits > 0) disk._trace.Add(new Write(number, position, bytes[..fits].ToArray()));
                if (fits < bytes.Length) throw new IOException("no space left on the disk");
            }
        }

        public void SetLength(long length)
        {
            lock (disk._gate)
            {
                Content().SetLength(length);
                disk._trace.Add(new SetLength(number, length));
            }
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                Content();
                if (disk.SyncsFail) throw new IOException("input/output error");
                if (!disk._planted.HasFlag(Planted.FilesAreNotSynced)) disk._trace.Add(new SyncFile(number));
            }
        }

        public void Dispose() => _closed = true;

        private T With<T>(Func<MemoryFile, T> read)
        {
            lock (disk._gate) return read(Content());
        }

        private MemoryFile Content()
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            return disk._files[number];
        }
    }
}
