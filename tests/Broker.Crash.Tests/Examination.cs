using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Wire;
using Streams.Broker.Crash.Tests.Workload;

namespace Streams.Broker.Crash.Tests;

/// <summary>How a broker took a damaged folder.</summary>
internal enum Verdict
{
    /// <summary>All that was acknowledged is served.</summary>
    Intact,

    /// <summary>A partition is refused and said to be damaged; everything else is served, and the files stay.</summary>
    PartitionReported,

    /// <summary>The broker says that the journal is damaged and does not start.</summary>
    StartRefused,
}

/// <summary>Starts a broker on a folder that was tampered with: what it serves must be right, and what it does not serve it must report.</summary>
internal static class Examination
{
    /// <exception cref="Violation">Something acknowledged is neither served nor reported, or other things suffer with it.</exception>
    public static Verdict Of(DiskImage image, SmallFolder original, string folder)
    {
        var disk = new SimulatedDisk(folder, image);
        Life life;
        try
        {
            life = Life.On(disk, folder, Knowledge.Of(original.Events));
        }
        catch (InvalidDataException)
        {
            return Verdict.StartRefused;
        }
        using (life)
        {
            var reported = Verifier.Logs(life, mayReport: true);
            Verifier.Outcomes(life, reported);
            Resumption.Begin(life, null);
            var place = life.Known.Partitions.Keys.Order(Comparer<Place>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()))).First(p => !reported.Contains(p));
            Violation.If(life.Client.Produce(place, Batch.Create(Stamp.Plain, false, life.Time.Milliseconds, [(null, [1])])).Error != 0, $"{place} takes no new batch");
            if (reported.Count == 0) return Verdict.Intact;
            Violation.If(reported.Count > 1, $"{string.Join(", ", reported)} are refused for the damage of one file");
            FilesStay(image, disk.Now(), original, reported.Single());
            return Verdict.PartitionReported;
        }
    }

    private static void FilesStay(DiskImage before, DiskImage after, SmallFolder original, Place place)
    {
        foreach (var path in original.Segments.Where(s => before.Files.ContainsKey(s)))
        {
            var other = !Path.GetFileName(path).StartsWith(FormattableString.Invariant($"{place.Partition}-"), StringComparison.Ordinal);
            if (other) continue;
            Violation.If(!after.Files.TryGetValue(path, out var bytes), $"{path} of the damaged {place} was deleted");
            Violation.If(!bytes!.AsSpan().StartsWith(before.Files[path]), $"{path} of the damaged {place} was changed");
        }
    }
}
