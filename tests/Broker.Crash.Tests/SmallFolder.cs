using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Wire;
using Streams.Broker.Crash.Tests.Workload;

namespace Streams.Broker.Crash.Tests;

/// <summary>A small data folder of everything: several segments, transactions of both outcomes, offsets, producers; stopped cleanly, so that all of it is durable.</summary>
internal sealed class SmallFolder
{
    private SmallFolder(DiskImage image, List<Event> events) => (Image, Events) = (image, events);

    public DiskImage Image { get; }

    public List<Event> Events { get; }

    /// <summary>Segments of logs, by path.</summary>
    public IEnumerable<string> Segments => Image.Files.Keys.Where(p => p.EndsWith(".log", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    /// <summary>Files that can be made again from the rest.</summary>
    public IEnumerable<string> Derived => Image.Files.Keys.Where(p => p.EndsWith(".durable", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    public static SmallFolder Create(string folder, int steps, int seed = 7)
    {
        var disk = new SimulatedDisk(folder, DiskImage.Empty);
        var random = new Random(seed);
        using (var life = Life.On(disk, folder, new Knowledge()))
        {
            var script = new Steps(life, random);
            Script.Prepare(script);
            script.NewProducer();
            Scripts.All.Single(s => s.Name == "small").Run(script, steps, random);
            Resumption.Run(life);
            Verifier.Outcomes(life);
        }
        return new SmallFolder(disk.Now(), [.. disk.Trace().OfType<Told>().Select(t => t.Event)]);
    }
}
