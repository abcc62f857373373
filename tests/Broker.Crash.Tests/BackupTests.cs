using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Workload;

namespace Streams.Broker.Crash.Tests;

/// <summary>Copies of the data folder that are made while the broker runs.</summary>
public sealed class BackupTests(ITestOutputHelper output)
{
    /// <summary>A snapshot of the file system: all of it at one moment, synced or not.</summary>
    [Fact]
    public void A_snapshot_restores_to_all_that_was_acknowledged() => output.WriteLine(Crew.Run(Tier.Of(200, 2000), (seed, folder) =>
    {
        var disk = new SimulatedDisk(folder, DiskImage.Empty);
        using (var life = Life.On(disk, folder, new Knowledge()))
        {
            var steps = new Steps(life, new Random(seed));
            Script.Prepare(steps);
            Scripts.Lasting.Run(steps, 30, new Random(seed));
        }
        var (trace, random) = (disk.Trace(), new Random(seed));
        for (var i = 0; i < 20; i++)
        {
            var until = random.Next(trace.Length + 1);
            var events = trace[..until].OfType<Told>().Select(t => t.Event).ToList();
            Restore(PowerCut.After(DiskImage.Empty, trace.AsSpan(..until), random, Survival.Everything), Knowledge.Of(events), folder, $"seed {seed}, snapshot at {until}");
        }
        return 20;
    }));

    /// <summary>File by file, under appends and commits of offsets. The durable points are left out: they would speak of bytes that came after their log was copied.</summary>
    [Fact]
    public void A_copy_file_by_file_restores_to_all_that_was_acknowledged_before_it() => output.WriteLine(Crew.Run(Tier.Of(50, 500), (seed, folder) =>
    {
        var (disk, random) = (new SimulatedDisk(folder, DiskImage.Empty), new Random(seed));
        var (copy, promised) = (DiskImage.Empty, 0);
        List<Event> events;
        using (var life = Life.On(disk, folder, new Knowledge()))
        {
            var steps = new Steps(life, random);
            steps.CreateTopic("a", 2);
            steps.CreateTopic("b", 1);
            Scripts.Copied.Run(steps, 30, random);
            promised = disk.Trace().OfType<Told>().Count();
            foreach (var path in disk.Now().Files.Keys.Where(p => !p.EndsWith(".durable", StringComparison.Ordinal)).OrderBy(_ => random.Next()).ToList())
            {
                Scripts.Copied.Run(steps, random.Next(3), random);
                var now = disk.Now();
                copy = (copy with { Directories = now.Directories }).With(path, now.Files[path]);
            }
            events = [.. disk.Trace().OfType<Told>().Select(t => t.Event)];
        }
        Restore(copy, Knowledge.Of(events, promised), folder, $"seed {seed}");
        return 1;
    }));

    private static void Restore(DiskImage copy, Knowledge known, string folder, string where)
    {
        try
        {
            using var life = Life.On(new SimulatedDisk(folder, copy), folder, known);
            Verifier.Logs(life);
            Resumption.Run(life);
            Verifier.Logs(life);
            Verifier.Outcomes(life);
        }
        catch (Exception e)
        {
            throw new Violation($"{where}: {(e is Violation ? e.Message : e)}");
        }
    }
}
