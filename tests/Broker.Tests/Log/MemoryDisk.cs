using Microsoft.Win32.SafeHandles;
using Streams.Broker.Disk;

namespace Streams.Broker.Tests.Log;

/// <summary>The process ended in the middle of a step on the disk.</summary>
public sealed class PowerCutException : Exception;

/// <summary>
/// A disk in memory that knows what was synced. It can be full, fail to sync, or cut the power after so many steps; <see cref="AfterPowerCut"/> is what a machine finds
/// when it comes back: what was synced, and a random part of what was done since, in order for each file and each directory.
/// </summary>
public sealed class MemoryDisk : IDisk
{
    private readonly Dictionary<string, Inode> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Inode> _durableNames = new(StringComparer.Ordinal);
    private readonly List<(string Directory, Action<Dictionary<string, Inode>> Change)> _pendingNames = [];
    private readonly HashSet<string> _directories = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Writes get in by half and fail.</summary>
    public bool IsFull { get; set; }

    public bool SyncFails { get; set; }

    /// <summary>Steps until the power is cut; null never.</summary>
    public int? StepsLeft { get; set; }

    public int Steps { get; private set; }

    public bool FileExists(string path)
    {
        lock (_gate) return _names.ContainsKey(path);
    }

    public IReadOnlyList<string> Files(string directory)
    {
        lock (_gate) return [.. _names.Keys.Where(n => Path.GetDirectoryName(n) == directory).Order(StringComparer.Ordinal)];
    }

    public IReadOnlyList<string> Directories(string directory)
    {
        lock (_gate) return [.. _directories.Where(n => Path.GetDirectoryName(n) == directory).Order(StringComparer.Ordinal)];
    }

    public IDiskFile Open(string path)
    {
        lock (_gate)
        {
            if (!_names.TryGetValue(path, out var inode))
            {
                if (IsFull) throw new IOException($"No space left on device : '{path}'");
                Step();
                inode = new Inode();
                Rename(path, names => names[path] = inode);
            }
            return new OpenFile(this, inode);
        }
    }

    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            for (var directory = path; directory is not null; directory = Path.GetDirectoryName(directory)) _directories.Add(directory);
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            Step();
            if (SyncFails) throw new IOException("Input/output error");
            foreach (var (_, change) in _pendingNames.Where(p => p.Directory == path)) change(_durableNames);
            _pendingNames.RemoveAll(p => p.Directory == path);
        }
    }

    public void Move(string from, string to)
    {
        lock (_gate)
        {
            Step();
            var inode = _names[from];
            Rename(to, names =>
            {
                names.Remove(from);
                names[to] = inode;
            });
        }
    }

    public void DeleteFile(string path)
    {
        lock (_gate)
        {
            Step();
            Rename(path, names => names.Remove(path));
        }
    }

    public void DeleteDirectory(string path)
    {
        lock (_gate)
        {
            foreach (var file in _names.Keys.Where(n => n.StartsWith(path + "/", StringComparison.Ordinal)).ToList()) DeleteFile(file);
            _directories.Remove(path);
        }
    }

    public byte[] Content(string path)
    {
        lock (_gate) return _names[path].Data.ToArray();
    }

    /// <summary>What somebody else did to a file: on disk at once.</summary>
    public void Put(string path, byte[] content)
    {
        lock (_gate) _names[path] = _durableNames[path] = new Inode { Data = [.. content], Durable = [.. content] };
    }

    public void Lose(string path)
    {
        lock (_gate)
        {
            _names.Remove(path);
            _durableNames.Remove(path);
        }
    }

    public MemoryDisk Copy()
    {
        var copy = new MemoryDisk();
        lock (_gate)
        {
            foreach (var (name, inode) in _names) copy.Put(name, [.. inode.Data]);
            copy._directories.UnionWith(_directories);
        }
        return copy;
    }

    public MemoryDisk AfterPowerCut(Random random)
    {
        var left = new MemoryDisk();
        lock (_gate)
        {
            var names = new Dictionary<string, Inode>(_durableNames, StringComparer.Ordinal);
            foreach (var directory in _pendingNames.GroupBy(p => p.Directory))
            {
                foreach (var (_, change) in directory.Take(random.Next(directory.Count() + 1))) change(names);
            }
            var contents = new Dictionary<Inode, byte[]>();
            foreach (var (name, inode) in names)
            {
                if (!contents.TryGetValue(inode, out var content)) contents[inode] = content = inode.AfterPowerCut(random);
                left.Put(name, content);
            }
            left._directories.UnionWith(_directories);
        }
        return left;
    }

    private void Rename(string path, Action<Dictionary<string, Inode>> change)
    {
        change(_names);
        _pendingNames.Add((Path.GetDirectoryName(path)!, change));
    }

    private void Step()
    {
        Steps++;
        if (StepsLeft is not { } left) return;
        if (left == 0) throw new PowerCutException();
        StepsLeft = left - 1;
    }

    private sealed class Inode
    {
        public List<byte> Data { get; set; } = [];

        public List<byte> Durable { get; set; } = [];

        public List<Action<List<byte>, int>> Pending { get; } = [];

        public void Do(Action<List<byte>, int> change)
        {
            change(Data, int.MaxValue);
            Pending.Add(change);
        }

        /// <summary>The synced bytes with the first so many changes, the last of them by half.</summary>
        public byte[] AfterPowerCut(Random random)
        {
            var content = new List<byte>(Durable);
            var kept = random.Next(Pending.Count + 1);
            for (var i = 0; i < kept; i++) Pending[i](content, i == kept - 1 && random.Next(2) == 0 ? random.Next(200) : int.MaxValue);
            return [.. content];
        }
    }

    private sealed class OpenFile(MemoryDisk disk, Inode inode) : IDiskFile
    {
        public long Length
        {
            get
            {
                lock (disk._gate) return inode.Data.Count;
            }
        }

        public SafeFileHandle? Handle => null;

        public int Read(Span<byte> buffer, long position)
        {
            lock (disk._gate)
            {
                var count = (int)Math.Max(0, Math.Min(buffer.Length, inode.Data.Count - position));
                for (var i = 0; i < count; i++) buffer[i] = inode.Data[(int)position + i];
                return count;
            }
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            lock (disk._gate)
            {
                disk.Step();
                var content = bytes[..(disk.IsFull ? bytes.Length / 2 : bytes.Length)].ToArray();
                inode.Do((data, most) => Put(data, (int)position, content, most));
                if (disk.IsFull) throw new IOException("No space left on device");
            }
        }

        public void SetLength(long length)
        {
            lock (disk._gate)
            {
                disk.Step();
                inode.Do((data, _) => Resize(data, (int)length));
            }
        }

        public void Sync()
        {
            lock (disk._gate)
            {
                disk.Step();
                if (disk.SyncFails) throw new IOException("Input/output error");
                inode.Durable = [.. inode.Data];
                inode.Pending.Clear();
            }
        }

        public void Dispose()
        {
        }

        private static void Put(List<byte> data, int position, byte[] content, int most)
        {
            var count = Math.Min(content.Length, most);
            if (data.Count < position + count) Resize(data, position + count);
            for (var i = 0; i < count; i++) data[position + i] = content[i];
        }

        private static void Resize(List<byte> data, int length)
        {
            if (data.Count > length) data.RemoveRange(length, data.Count - length);
            while (data.Count < length) data.Add(0);
        }
    }
}
