namespace Streams.Broker.Crash.Tests.Disk;

/// <summary>What happens to that which was not synced.</summary>
internal enum Survival
{
    /// <summary>All of it is lost.</summary>
    Nothing,

    /// <summary>All of it happens to be on disk.</summary>
    Everything,

    /// <summary>The first so many operations are on disk, the next one in part: what a journaling file system tends to do.</summary>
    InOrder,

    /// <summary>Every operation has a fate of its own: whole, torn, length alone, lost.</summary>
    Anything,
}

/// <summary>
/// What a power cut leaves of a trace. Certain is what a later sync covers: writes by a sync of their file, names by a sync of their directory.
/// All else survives by lot. A write may keep its first bytes, some of its sectors, or nothing but the length that it gave the file.
/// </summary>
internal static class PowerCut
{
    private const int Sector = 512;

    public static DiskImage After(DiskImage start, ReadOnlySpan<Operation> trace, Random random, Survival survival)
    {
        var synced = Synced(trace);
        var left = survival == Survival.InOrder ? random.Next(synced.Count(s => !s) + 1) : 0;
        var disk = new Remains(start);
        for (var i = 0; i < trace.Length; i++)
        {
            if (trace[i] is Told or SyncFile or SyncDirectory) continue;
            if (synced[i] || survival == Survival.Everything || left-- > 0) disk.Apply(trace[i]);
            else if (survival == Survival.Anything || (survival == Survival.InOrder && left == -1)) ApplyByLot(disk, trace[i], random);
        }
        return disk.Image();
    }

    private static bool[] Synced(ReadOnlySpan<Operation> trace)
    {
        var synced = new bool[trace.Length];
        HashSet<int> files = [];
        HashSet<string> directories = [];
        for (var i = trace.Length - 1; i >= 0; i--)
        {
            if (trace[i] is SyncFile file) files.Add(file.File);
            if (trace[i] is SyncDirectory directory) directories.Add(directory.Path);
            synced[i] = trace[i] switch
            {
                Write write => files.Contains(write.File),
                SetLength set => files.Contains(set.File),
                Create create => directories.Contains(SimulatedDisk.ParentOf(create.Path)),
                Rename rename => directories.Contains(SimulatedDisk.ParentOf(rename.To)),
                Delete delete => directories.Contains(SimulatedDisk.ParentOf(delete.Path)),
                MakeDirectory make => directories.Contains(SimulatedDisk.ParentOf(make.Path)),
                RemoveDirectory remove => directories.Contains(SimulatedDisk.ParentOf(remove.Path)),
                _ => true,
            };
        }
        return synced;
    }

    private static void ApplyByLot(Remains disk, Operation operation, Random random)
    {
        if (operation is Write write) Tear(disk, write, random);
        else if (random.Next(2) == 0) disk.Apply(operation);
    }

    private static void Tear(Remains disk, Write write, Random random)
    {
        var bytes = write.Bytes;
        switch (random.Next(6))
        {
            case 0: disk.Apply(write); break;
            case 1: disk.Write(write, 0, random.Next(bytes.Length + 1)); break;
            case 2: disk.Write(write, 0, Math.Clamp(SectorBorder(write, random), 0, bytes.Length)); break;
            case 3: Scatter(disk, write, random); break;
            case 4: disk.Extend(write); break;
            default: break;
        }
    }

    /// <summary>Bytes of the write before a border of sectors of the file.</summary>
    private static int SectorBorder(Write write, Random random) =>
        (int)((write.Position / Sector + random.Next(1 + write.Bytes.Length / Sector + 1)) * Sector - write.Position);

    private static void Scatter(Remains disk, Write write, Random random)
    {
        disk.Extend(write);
        for (var from = 0; from < write.Bytes.Length;)
        {
            var until = (int)Math.Min(write.Bytes.Length, from + Sector - (write.Position + from) % Sector);
            if (random.Next(2) == 0) disk.Write(write, from, until);
            from = until;
        }
    }

    /// <summary>The disk as it is put together again.</summary>
    private sealed class Remains
    {
        private readonly HashSet<string> _directories;
        private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
        private readonly Dictionary<int, MemoryFile> _files = [];

        public Remains(DiskImage start)
        {
            _directories = [.. start.Directories];
            foreach (var (path, bytes) in start.Files.OrderBy(f => f.Key, StringComparer.Ordinal))
            {
                _files[_names.Count] = new MemoryFile(bytes);
                _names[path] = _names.Count;
            }
        }

        public void Apply(Operation operation)
        {
            switch (operation)
            {
                case Create create: _names[create.Path] = create.File; break;
                case Write write: Write(write, 0, write.Bytes.Length); break;
                case SetLength set: File(set.File).SetLength(set.Length); break;
                case Rename rename: Move(rename); break;
                case Delete delete: _names.Remove(delete.Path); break;
                case MakeDirectory make: _directories.Add(make.Path); break;
                case RemoveDirectory remove: _directories.Remove(remove.Path); break;
                default: throw new ArgumentException($"{operation} leaves nothing on a disk");
            }
        }

        /// <summary>A part of a write.</summary>
        public void Write(Write write, int from, int until)
        {
            if (until > from) File(write.File).Write(write.Bytes.AsSpan(from..until), write.Position + from);
        }

        /// <summary>The length that a write gave the file, without its bytes.</summary>
        public void Extend(Write write)
        {
            var file = File(write.File);
            if (file.Length < write.Position + write.Bytes.Length) file.SetLength(write.Position + write.Bytes.Length);
        }

        public DiskImage Image()
        {
            var directories = _directories.Where(Leads).ToHashSet();
            var files = _names.Where(n => directories.Contains(SimulatedDisk.ParentOf(n.Key))).ToDictionary(n => n.Key, n => File(n.Value).ToArray());
            return new DiskImage(directories, files);
        }

        private bool Leads(string directory) => directory.Length == 0 || (_directories.Contains(SimulatedDisk.ParentOf(directory)) && Leads(SimulatedDisk.ParentOf(directory)));

        private void Move(Rename rename)
        {
            if (_names.GetValueOrDefault(rename.From, -1) == rename.File) _names.Remove(rename.From);
            _names[rename.To] = rename.File;
        }

        private MemoryFile File(int number) => _files.TryGetValue(number, out var file) ? file : _files[number] = new MemoryFile([]);
    }
}
