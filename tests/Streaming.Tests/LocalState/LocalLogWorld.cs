using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>What a runtime could do wrong around a log.</summary>
internal enum Planted
{
    None,
    AppendsBeforeTheCommit,
    CountsAControlRecordThatIsNotThere,
    ForgetsDeletionsInTheLog,
}

/// <summary>
/// A task's life over its local log and two changelogs: commits, aborts, zombies' aborted records, restores with and without the local log, compactions,
/// crashes at any file operation, power loss, damage. After each opening the stores must hold exactly what the changelogs say.
/// </summary>
internal sealed class LocalLogWorld
{
    private const string Folder = "state/0_0";
    private static readonly LogIdentity Identity = new("0_0", [("a", 7), ("b", 8)]);
    private readonly Random random;
    private readonly Planted planted;
    private readonly MemoryFiles files;
    private readonly ChangelogModel[] changelogs = [new(), new()];
    private readonly LocalLogOptions options;
    private readonly bool powerMayFail;
    private PlainStore[] stores = [];
    private TaskStateLog? log;

    public LocalLogWorld(int seed, Planted planted = Planted.None)
    {
        random = new Random(seed);
        this.planted = planted;
        files = new MemoryFiles(random);
        powerMayFail = random.Next(3) == 0;
        options = new LocalLogOptions
        {
            SegmentBytes = random.Next(100, 1500), MaxSegments = random.Next(2, 6), KeysPerPass = random.Next(1, 40), Fsync = random.Next(4) == 0,
        };
    }

    public int Loads { get; private set; }

    /// <summary>Loads that found something in the local log.</summary>
    public int WarmLoads { get; private set; }

    public int Crashes { get; private set; }

    public int Compactions { get; private set; }

    public void Run(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            if (random.Next(6) == 0)
                files.CrashAfter = random.Next(25);
            try
            {
                if (log is null)
                    Open();
                Step();
            }
            catch (CrashException)
            {
            }
            if (files.IsDead)
                Crash();
        }
        Close();
        files.Restart();
        Open();
    }

    private void Step()
    {
        switch (random.Next(12))
        {
            case 0:
                Close();
                break;
            case 1:
                WriteAndAbort();
                break;
            case 2:
                changelogs[random.Next(2)].Invisible();
                break;
            case 3 or 4:
                Compact();
                break;
            case 5 when random.Next(4) == 0:
                Close();
                Damage();
                break;
            case 6 when random.Next(10) == 0:
                Close();
                // Another instance had the task meanwhile.
                Write(other: true);
                break;
            default:
                Write(other: false);
                if (files.IsDead)
                    return;
                Check("running");
                break;
        }
    }

    private void Open()
    {
        stores = [new PlainStore("a"), new PlainStore("b")];
        var held = files.TryLock(Folder + "/" + TaskStateLog.LockFile);
        Assert.NotNull(held);
        log = new TaskStateLog(files, Folder, held, Identity, options, TimeProvider.System, NullLogger.Instance);
        Loads++;
        WarmLoads += log.IsEmpty ? 0 : 1;
        Assert.All(Enumerable.Range(0, 2), i => Assert.True(planted != Planted.None || log.Positions[i] <= changelogs[i].End, "a position beyond the changelog's end"));
        log.Load(stores, CancellationToken.None);
        ReadTail();
        Check("opened");
    }

    private void ReadTail()
    {
        long[] positions = [.. log!.Positions];
        for (var i = 0; i < 2; i++)
        {
            foreach (var (offset, key, value) in changelogs[i].From(positions[i]).ToList())
            {
                stores[i].Restore(Bytes(key), Bytes(value), value is null);
                Add(i, key, value);
                positions[i] = offset + 1;
                if (random.Next(5) == 0)
                    log.ReadBack(positions, 0);
                if (random.Next(20) == 0)
                    Compact();
            }
            positions[i] = changelogs[i].End;
        }
        log.ReadBack(positions, 0);
    }

    private void Write(bool other)
    {
        var records = Transaction();
        if (!other)
            Tee(records);
        if (planted == Planted.AppendsBeforeTheCommit && !other)
            log!.Committed(transactional: true);
        if (random.Next(10) == 0)
            changelogs[random.Next(2)].Invisible();
        foreach (var (store, key, value) in records)
            changelogs[store].Committed(key, value);
        foreach (var store in records.Select(r => r.Store).Distinct())
        {
            if (planted != Planted.CountsAControlRecordThatIsNotThere)
                changelogs[store].Invisible();
        }
        if (other)
            return;
        foreach (var (store, key, value) in records)
            stores[store].Restore(Bytes(key), Bytes(value), value is null);
        if (planted != Planted.AppendsBeforeTheCommit)
            log!.Committed(transactional: true);
    }

    /// <summary>The transaction is given up, and the task made anew from what is there.</summary>
    private void WriteAndAbort()
    {
        var records = Transaction();
        Tee(records);
        foreach (var (store, _, _) in records)
            changelogs[store].Invisible();
        if (planted == Planted.AppendsBeforeTheCommit)
            log!.Committed(transactional: true);
        Close();
    }

    private List<(int Store, string Key, string? Value)> Transaction() => [.. Enumerable.Range(0, random.Next(1, 9))
        .Select(_ => (random.Next(2), "k" + random.Next(12), random.Next(4) == 0 ? null : "v" + random.Next(1000) + new string('x', random.Next(60))))];

    private void Tee(List<(int Store, string Key, string? Value)> records)
    {
        foreach (var (store, key, value) in records)
            Add(store, key, value);
    }

    private void Add(int store, string key, string? value)
    {
        if (value is null && planted == Planted.ForgetsDeletionsInTheLog)
            return;
        log!.Buffer.Add(store, Bytes(key), Bytes(value), value is null);
    }

    private void Compact()
    {
        var before = files.Operations;
        log!.Compact(CancellationToken.None);
        Compactions += files.Operations > before ? 1 : 0;
    }

    private void Check(string when)
    {
        for (var i = 0; i < 2; i++)
            Assert.True(changelogs[i].StateAt(changelogs[i].End).SequenceEqual(stores[i].Content), $"store {i} differs from its changelog when {when}");
    }

    private void Close()
    {
        log?.Dispose();
        log = null;
    }

    private void Crash()
    {
        Crashes++;
        log = null;
        if (powerMayFail && random.Next(2) == 0)
            files.LosePower();
        else
            files.Restart();
    }

    private void Damage()
    {
        var paths = files.Paths;
        if (paths.Count == 0)
            return;
        var path = paths[random.Next(paths.Count)];
        var bytes = files.Bytes(path);
        if (bytes.Length == 0)
            return;
        if (random.Next(3) == 0)
            bytes = bytes[..random.Next(bytes.Length)];
        else
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
        files.Set(path, bytes);
    }

    private static byte[] Bytes(string? text) => Encoding.UTF8.GetBytes(text ?? "");
}
