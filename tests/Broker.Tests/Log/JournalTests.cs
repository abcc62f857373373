using Streams.Broker.Metadata;
using Streams.Broker.Transactions;

namespace Streams.Broker.Tests.Log;

/// <summary>The journal: what is in it after crashes, how it is condensed, what a damaged one says.</summary>
public sealed class JournalTests
{
    private const string Path = "/data/journal";

    [Fact]
    public async Task State_is_the_same_after_the_journal_was_condensed()
    {
        var bed = new NodeBed { JournalCondenseBytes = 2000 };
        var node = bed.Start();
        await FillAsync(node, 60);
        var (before, size) = (Describe(node), bed.Disk.Content(Path).Length);
        node.Maintain();
        Assert.True(bed.Disk.Content(Path).Length < size / 3, $"{size} bytes became {bed.Disk.Content(Path).Length}");
        Assert.Equal(before, Describe(node));
        await node.DisposeAsync();
        node = bed.Start();
        Assert.Equal(before, Describe(node));
        var condensed = bed.Disk.Content(Path).Length;
        node.Maintain();
        Assert.Equal(condensed, bed.Disk.Content(Path).Length);
        node.Record(new OffsetsCommitted("late", [new CommittedOffset("a", 0, 77, 0, null)]));
        await node.Journal.FlushAsync();
        await node.DisposeAsync();
        node = bed.Start();
        Assert.Equal(77, node.Groups.FindOffset("late", "a", 0)?.Offset);
        await node.DisposeAsync();
    }

    [Fact]
    public async Task The_power_may_be_cut_at_every_step_of_condensing()
    {
        for (var step = 0; ; step++)
        {
            var bed = new NodeBed();
            var node = bed.Start();
            await FillAsync(node, 5);
            var before = Describe(node);
            bed.Disk.StepsLeft = step;
            var wasCut = false;
            try
            {
                node.CondenseJournal();
            }
            catch (PowerCutException)
            {
                wasCut = true;
            }
            bed.Disk.StepsLeft = null;
            for (var seed = 0; seed < 10; seed++)
            {
                var after = new NodeBed { Disk = bed.Disk.AfterPowerCut(new Random(seed)) };
                var again = after.Start();
                Assert.Equal(before, Describe(again));
                await again.DisposeAsync();
            }
            await node.DisposeAsync();
            if (!wasCut) break;
        }
    }

    [Fact]
    public async Task Every_flipped_bit_of_a_condensed_journal_keeps_the_broker_from_starting()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        await FillAsync(node, 3);
        node.CondenseJournal();
        await node.DisposeAsync();
        var whole = bed.Disk.Content(Path);
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            var disk = bed.Disk.Copy();
            disk.Put(Path, flipped);
            Assert.Throws<InvalidDataException>(() => new NodeBed { Disk = disk }.Start());
            Assert.Equal(flipped, disk.Content(Path));
        }
    }

    [Fact]
    public async Task A_tail_torn_at_every_byte_is_cut_with_a_warning()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        await FillAsync(node, 2);
        var kept = bed.Disk.Content(Path).Length;
        node.Record(new OffsetsCommitted("late", [new CommittedOffset("a", 0, 77, 0, null)]));
        var whole = bed.Disk.Content(Path);
        await node.DisposeAsync();
        for (var length = kept + 1; length < whole.Length; length++)
        {
            var after = new NodeBed { Disk = bed.Disk.Copy() };
            after.Disk.Put(Path, whole[..length]);
            node = after.Start();
            Assert.Null(node.Groups.FindOffset("late", "a", 0));
            Assert.Contains($"torn tail of {length - kept} bytes", Assert.Single(after.Logged.Lines, l => l.Contains("journal", StringComparison.Ordinal)));
            Assert.Equal(kept, after.Disk.Content(Path).Length);
            await node.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_long_damaged_tail_is_looked_through_in_no_time()
    {
        var bed = new NodeBed();
        await bed.Start().DisposeAsync();
        var garbage = new byte[4 << 20];
        new Random(1).NextBytes(garbage);
        bed.Disk.Put(Path, garbage);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await bed.Start().DisposeAsync();
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task An_entry_of_a_later_version_keeps_the_broker_from_starting()
    {
        var bed = new NodeBed();
        await bed.Start().DisposeAsync();
        var frame = JournalFrame.Create(new ProducerIdTaken(1));
        System.Text.Encoding.UTF8.GetBytes("{\"$type\":\"prodXcer-id\"").CopyTo(frame.Span[JournalFrame.HeaderSize..]);
        JournalFrame.Seal(frame.Span, position: 0, durable: 0);
        bed.Disk.Put(Path, frame.ToArray());
        Assert.Throws<InvalidDataException>(() => bed.Start());
    }

    private static async Task FillAsync(Node node, int offsets)
    {
        node.Create("a", 2, new Dictionary<string, string> { ["retention.ms"] = "5" });
        node.Create("b", 1, []);
        node.Create("gone", 1, []);
        node.Record(new TopicDeleted("gone"));
        node.Record(new PartitionsAdded("b", 3));
        node.Record(new ConfigsChanged("a", new Dictionary<string, string> { ["cleanup.policy"] = "compact" }));
        for (var i = 0; i < 4; i++) await NodeBed.AppendAsync(node, node.Find("a", 1)!);
        node.Record(new RecordsDeleted("a", 1, 3));
        for (var i = 0; i < offsets; i++)
        {
            node.Record(new ProducerIdTaken(i));
            node.Record(new OffsetsCommitted("g", [new CommittedOffset("a", i % 2, i, 0, $"m{i}", 1)]));
        }
        node.Record(new TransactionChanged("t", 7, 3, 60_000, TransactionState.Ongoing, node.Now, []));
        foreach (var staged in TransactionOffsetsAdded.Parts("t", 6, new OffsetsCommitted("g", [new CommittedOffset("b", 0, 40, 0, null, 1)]))) node.Record(staged);
        await node.Journal.FlushAsync();
    }

    private static string Describe(Node node) => string.Join('\n',
        node.Topics.Select(t => $"{t.Id} {t.Name} {t.Partitions.Length} {string.Join(',', t.Configs)} {string.Join(',', t.Partitions.Select(p => $"{p.LogStartOffset}-{p.HighWatermark}"))}")
            .Concat(node.Groups.OffsetsOf("g").Select(o => $"{o}"))
            .Append(node.ClusterId));
}
