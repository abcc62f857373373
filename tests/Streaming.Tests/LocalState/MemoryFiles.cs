using Streams.Streaming.State.Local;

namespace Streams.Streaming.Tests.LocalState;

internal sealed class CrashException() : Exception("the process died here");

/// <summary>
/// A file system in memory that can die at any operation, and then shows what is left: everything that was done (a killed process), or what was
/// synced and chance parts of the rest (power loss).
/// </summary>
internal sealed class MemoryFiles(Random random) : IStateFiles
{
    private readonly SortedDictionary<string, MemoryFile> present = new(StringComparer.Ordinal);
    private readonly List<Action<SortedDictionary<string, MemoryFile>>> pending = [];
    private readonly HashSet<string> locks = new(StringComparer.Ordinal);
    private SortedDictionary<string, MemoryFile> durable = new(StringComparer.Ordinal);

    /// <summary>Operations until the crash; negative for none.</summary>
    public int CrashAfter { get; set; } = -1;

    public bool IsDead { get; private set; }

    public int Operations { get; private set; }

    public IReadOnlyList<string> Paths => [.. present.Keys];

    public byte[] Bytes(string path) => [.. present[path].Data];

    public void Set(string path, byte[] bytes) => present[path] = new MemoryFile(this, [.. bytes]);

    public MemoryFiles Copy()
    {
        var copy = new MemoryFiles(random);
        foreach (var (path, file) in present)
            copy.Set(path, [.. file.Data]);
        return copy;
    }

    /// <summary>The process is gone; what it wrote is there.</summary>
    public void Restart()
    {
        (IsDead, CrashAfter) = (false, -1);
        locks.Clear();
    }

    /// <summary>What was not synced is there in part: of the directory's changes the first few, of each file a beginning, the last of it perhaps garbage.</summary>
    public void LosePower()
    {
        Restart();
        foreach (var change in pending.Take(random.Next(pending.Count + 1)))
            change(durable);
        present.Clear();
        foreach (var (path, file) in durable)
        {
            var kept = random.Next(file.Synced, file.Data.Count + 1);
            var data = file.Data.Take(kept).ToList();
            if (kept > file.Synced && random.Next(2) == 0)
                data[random.Next(file.Synced, kept)] ^= (byte)random.Next(256);
            present[path] = new MemoryFile(this, data) { Synced = kept };
        }
        pending.Clear();
        durable = new(present, StringComparer.Ordinal);
    }

    public void CreateDirectory(string path) => Operate();

    public IReadOnlyList<string> List(string directory)
    {
        Operate();
        return [.. present.Keys.Where(p => p.StartsWith(directory + "/", StringComparison.Ordinal)).Select(p => p[(directory.Length + 1)..].Split('/')[0]).Distinct()];
    }

    public IStateFile Create(string path)
    {
        Operate();
        var file = new MemoryFile(this, []);
        Change(d => d[path] = file);
        return file;
    }

    public IStateFile Open(string path)
    {
        Operate();
        return present[path];
    }

    public void Rename(string from, string to)
    {
        Operate();
        Change(d =>
        {
            foreach (var (path, file) in d.Where(p => p.Key == from || p.Key.StartsWith(from + "/", StringComparison.Ordinal)).ToList())
            {
                d.Remove(path);
                d[to + path[from.Length..]] = file;
            }
        });
    }

    public void Delete(string path)
    {
        Operate();
        Change(d => d.Remove(path));
    }

    /// <summary>File by file, as the real one.</summary>
    public void DeleteDirectory(string path)
    {
        foreach (var file in present.Keys.Where(p => p.StartsWith(path + "/", StringComparison.Ordinal)).ToList())
            Delete(file);
    }

    /// <summary>Directories are not told apart: all changes become durable, in their order.</summary>
    public void SyncDirectory(string path)
    {
        Operate();
        pending.ForEach(c => c(durable));
        pending.Clear();
    }

    public IDisposable? TryLock(string path) => locks.Add(path) ? new Held(locks, path) : null;

    public void Operate()
    {
        if (IsDead)
            throw new CrashException();
        Operations++;
        if (CrashAfter < 0 || CrashAfter-- > 0)
            return;
        IsDead = true;
        throw new CrashException();
    }

    private void Change(Action<SortedDictionary<string, MemoryFile>> change)
    {
        change(present);
        pending.Add(change);
    }

    /// <summary>A write at which the crash comes leaves a part.</summary>
    private void Write(MemoryFile file, ReadOnlySpan<byte> bytes, long at)
    {
        var parts = bytes;
        var dies = !IsDead && CrashAfter == 0;
        if (dies)
            parts = bytes[..random.Next(bytes.Length + 1)];
        if (!IsDead)
        {
            while (file.Data.Count < at + parts.Length)
                file.Data.Add(0);
            for (var i = 0; i < parts.Length; i++)
                file.Data[(int)at + i] = parts[i];
            file.Synced = (int)Math.Min(file.Synced, at);
        }
        Operate();
    }

    private sealed class Held(HashSet<string> locks, string path) : IDisposable
    {
        public void Dispose() => locks.Remove(path);
    }

    private sealed class MemoryFile(MemoryFiles files, List<byte> data) : IStateFile
    {
        public List<byte> Data { get; } = data;

        public int Synced { get; set; }

        public long Length => Data.Count;

        public int Read(Span<byte> into, long at)
        {
            files.Operate();
            var count = Math.Clamp(Data.Count - (int)at, 0, into.Length);
            for (var i = 0; i < count; i++)
                into[i] = Data[(int)at + i];
            return count;
        }

        public void Write(ReadOnlySpan<byte> bytes, long at) => files.Write(this, bytes, at);

        public void Sync()
        {
            files.Operate();
            Synced = Data.Count;
        }

        public void Dispose()
        {
        }
    }
}
