using System.Buffers.Binary;
using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Workload;

namespace Streams.Broker.Crash.Tests;

/// <summary>Files that were cut, flipped, deleted, swapped: what was acknowledged is served as it was, or the damage is reported. Never anything else.</summary>
public sealed class DamageTests : IDisposable
{
    private const int DailyChecks = 1500;
    private readonly TemporaryFolder _folder = new();
    private readonly SmallFolder _small;
    private readonly ITestOutputHelper _output;

    public DamageTests(ITestOutputHelper output)
    {
        _output = output;
        _small = SmallFolder.Create(_folder.Path, steps: 30);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_untouched_folder_is_intact() => Assert.Equal(Verdict.Intact, Examination.Of(_small.Image, _small, _folder.Path));

    [Fact]
    public void Every_truncation_is_reported_or_does_no_harm() => Sweep(
        from file in _small.Image.Files
        from length in Enumerable.Range(0, file.Value.Length)
        select ((Func<DiskImage>)(() => _small.Image.With(file.Key, file.Value[..length])), $"{file.Key} cut from {file.Value.Length} to {length} bytes"));

    [Fact]
    public void Every_flipped_bit_is_reported_or_does_no_harm() => Sweep(
        from file in _small.Image.Files
        from bit in Enumerable.Range(0, file.Value.Length * 8)
        select ((Func<DiskImage>)(() => _small.Image.With(file.Key, Flipped(file.Value, bit))), $"{file.Key} of {file.Value.Length} bytes, bit {bit % 8} of byte {bit / 8} flipped"));

    [Fact]
    public void Zeros_garbage_and_stale_bytes_behind_the_end_do_no_harm()
    {
        var random = new Random(20261121);
        foreach (var (path, bytes) in _small.Image.Files.Where(f => f.Key == "journal" || f.Key == _small.Segments.LastOrDefault(s => FamilyOf(s) == FamilyOf(f.Key))))
        {
            for (var length = 1; length < 200; length += random.Next(1, 12))
            {
                var garbage = new byte[length];
                random.NextBytes(garbage);
                MustBe(Verdict.Intact, path, [.. bytes, .. new byte[length]], $"{path} with {length} zeros behind its end");
                MustBe(Verdict.Intact, path, [.. bytes, .. garbage], $"{path} with {length} bytes of garbage behind its end");
            }
            foreach (var from in Borders(path, bytes)) MustBe(Verdict.Intact, path, [.. bytes, .. bytes[from..]], $"{path} with its own bytes from {from} behind its end");
        }
    }

    /// <summary>Where frames or batches begin.</summary>
    private static IEnumerable<int> Borders(string path, byte[] bytes)
    {
        var (field, header) = path == "journal" ? (0, 16) : (8, 12);
        for (var at = 0; at < bytes.Length; at += BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at + field)) + header) yield return at;
    }

    [Fact]
    public void A_segment_that_is_missing_is_reported()
    {
        foreach (var segment in _small.Segments) MustBe(Verdict.PartitionReported, _small.Image.Without(segment), $"{segment} deleted");
    }

    [Fact]
    public void A_segment_under_the_name_of_another_is_reported()
    {
        foreach (var (one, other) in _small.Segments.Zip(_small.Segments.Skip(1)).Where(p => FamilyOf(p.First) == FamilyOf(p.Second)))
        {
            var swapped = _small.Image.With(one, _small.Image.Files[other]).With(other, _small.Image.Files[one]);
            MustBe(Verdict.PartitionReported, swapped, $"{one} and {other} swapped");
            MustBe(Verdict.PartitionReported, _small.Image.With(other, _small.Image.Files[one]), $"{one} copied over {other}");
        }
    }

    [Fact]
    public void An_older_copy_of_a_segment_is_reported()
    {
        foreach (var segment in _small.Segments)
        {
            var bytes = _small.Image.Files[segment];
            var first = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(8)) + 12;
            if (first < bytes.Length) MustBe(Verdict.PartitionReported, segment, bytes[..first], $"{segment} as it was after its first batch");
        }
    }

    [Fact]
    public void Derived_files_can_be_deleted_one_by_one_and_all_together()
    {
        foreach (var file in _small.Derived) MustBe(Verdict.Intact, _small.Image.Without(file), $"{file} deleted");
        MustBe(Verdict.Intact, _small.Derived.Aggregate(_small.Image, (image, file) => image.Without(file)), "all derived files deleted");
    }

    [Fact]
    public void A_missing_journal_is_reported() => MustBe(Verdict.StartRefused, _small.Image.Without("journal"), "journal deleted");

    private static string FamilyOf(string path) => path.Contains('-') ? path[..path.LastIndexOf('-')] : path;

    private static byte[] Flipped(byte[] bytes, int bit)
    {
        var flipped = (byte[])bytes.Clone();
        flipped[bit / 8] ^= (byte)(1 << bit % 8);
        return flipped;
    }

    private void MustBe(Verdict wanted, string path, byte[] bytes, string what) => MustBe(wanted, _small.Image.With(path, bytes), what);

    private void MustBe(Verdict wanted, DiskImage image, string what)
    {
        var verdict = Examine(image, what, _folder.Path);
        Assert.True(verdict == wanted, $"{what}: {verdict} instead of {wanted}");
    }

    private Verdict Examine(DiskImage image, string what, string folder)
    {
        try
        {
            return Examination.Of(image, _small, folder);
        }
        catch (Exception e)
        {
            throw new Violation($"{what}: {(e is Violation ? e.Message : e)}");
        }
    }

    /// <summary>All of them, or daily an even share; on all processors.</summary>
    private void Sweep(IEnumerable<(Func<DiskImage> Image, string What)> damages)
    {
        var all = damages.ToList();
        var wanted = Tier.IsFull ? all : [.. all.Where((_, i) => i % Math.Max(1, all.Count / DailyChecks) == 0)];
        var (next, verdicts) = (-1, new int[3]);
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var took = Crew.Run(wanted.Count, (_, folder) =>
        {
            var (image, what) = wanted[Math.Min(wanted.Count - 1, Interlocked.Increment(ref next))];
            try
            {
                Interlocked.Increment(ref verdicts[(int)Examine(image(), what, folder)]);
            }
            catch (Violation e)
            {
                failures.Enqueue(e.Message);
            }
            return 1;
        });
        _output.WriteLine($"{took}, of {all.Count} possible; intact {verdicts[0]}, partition reported {verdicts[1]}, start refused {verdicts[2]}");
        Assert.True(failures.IsEmpty, $"{failures.Count} of {wanted.Count}:\n{string.Join('\n', failures.Take(40))}");
    }
}
