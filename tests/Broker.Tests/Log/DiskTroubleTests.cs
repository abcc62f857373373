using System.Text;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Tests.Log;

/// <summary>A disk that is full, fails, is not ours, or holds what is damaged.</summary>
public sealed class DiskTroubleTests
{
    [Fact]
    public async Task A_full_disk_refuses_changes_and_forgets_nothing_and_goes_on_when_there_is_room()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        Assert.Equal(ErrorCode.None, node.Create("a", 1, []));
        var log = node.Find("a", 0)!;
        Assert.Equal(0, await NodeBed.AppendAsync(node, log));
        bed.Disk.IsFull = true;
        var journal = bed.Disk.Content("/data/journal");
        Assert.Throws<IOException>(() => log.Append(LogBed.Batch(1)));
        Assert.Equal(ErrorCode.KafkaStorageError, node.Create("b", 1, []));
        Assert.Equal(ErrorCode.KafkaStorageError, node.TryRecord(new OffsetsCommitted("g", [new CommittedOffset("a", 0, 1, 0, null)])));
        node.CondenseJournal();
        Assert.Null(node.Find("b"));
        Assert.Empty(node.Groups.OffsetsOf("g"));
        Assert.Equal(journal, bed.Disk.Content("/data/journal"));
        bed.Disk.IsFull = false;
        Assert.Equal(1, await NodeBed.AppendAsync(node, log));
        Assert.Equal(ErrorCode.None, node.Create("b", 1, []));
        Assert.Equal(0, await NodeBed.AppendAsync(node, node.Find("b", 0)!));
        node.CondenseJournal();
        await node.DisposeAsync();
        node = bed.Start();
        Assert.Equal((2, 1), (node.Find("a", 0)!.HighWatermark, node.Find("b", 0)!.HighWatermark));
        Assert.Empty(bed.Deaths);
        await node.DisposeAsync();
    }

    [Fact]
    public void A_full_disk_at_each_append_of_a_roll_leaves_the_log_as_it_was()
    {
        var bed = new LogBed();
        var log = bed.Open();
        for (var i = 0; i < 12; i++)
        {
            bed.Disk.IsFull = true;
            Assert.Throws<IOException>(() => log.Append(LogBed.Batch(i)));
            log.Flush();
            log.Retain(0);
            Assert.Equal(i, log.HighWatermark);
            bed.Disk.IsFull = false;
            Assert.Equal(i, LogBed.Append(log, i));
        }
        Assert.Equal(12, bed.Reopen(log).HighWatermark);
        Assert.Empty(bed.Deaths);
    }

    [Fact]
    public async Task Retention_on_a_full_disk_is_tried_again()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        node.Create("a", 1, new Dictionary<string, string> { ["retention.ms"] = "1" });
        var log = node.Find("a", 0)!;
        for (var i = 0; i < 10; i++) await NodeBed.AppendAsync(node, log);
        bed.Disk.IsFull = true;
        node.Maintain();
        Assert.Equal(0, log.LogStartOffset);
        Assert.Contains(bed.Logged.Lines, l => l.Contains("tried again at the next round", StringComparison.Ordinal));
        bed.Disk.IsFull = false;
        node.Maintain();
        Assert.Equal(10, log.LogStartOffset);
        await node.DisposeAsync();
    }

    [Fact]
    public async Task A_failed_fsync_ends_the_process_and_nothing_is_acknowledged_any_more()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        node.Create("a", 1, []);
        var log = node.Find("a", 0)!;
        await NodeBed.AppendAsync(node, log);
        bed.Disk.SyncFails = true;
        await Assert.ThrowsAsync<IOException>(() => NodeBed.AppendAsync(node, log));
        Assert.Single(bed.Deaths);
        Assert.Equal(1, log.HighWatermark);
        bed.Disk.SyncFails = false;
        await Assert.ThrowsAnyAsync<Exception>(() => NodeBed.AppendAsync(node, log));
        Assert.Equal(1, log.HighWatermark);
        await node.DisposeAsync();
    }

    [Fact]
    public void A_failed_fsync_of_a_segment_that_is_closed_is_fatal()
    {
        var bed = new LogBed();
        var log = bed.Open();
        for (var i = 0; i < 3; i++) LogBed.Append(log, i);
        bed.Disk.SyncFails = true;
        Assert.Throws<IOException>(() => log.Append(LogBed.Batch(new string('x', 200), [1])));
        Assert.Single(bed.Deaths);
        Assert.Equal(ErrorCode.KafkaStorageError, log.Append(LogBed.Batch(1)).Error);
    }

    [Fact]
    public async Task A_damaged_partition_is_refused_alone_and_the_others_serve()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        node.Create("a", 3, []);
        for (var p = 0; p < 3; p++) await NodeBed.AppendAsync(node, node.Find("a", p)!);
        await node.DisposeAsync();
        var path = bed.Disk.Files(bed.Disk.Directories("/data/topics").Single()).Single(f => f.EndsWith("/1-00000000000000000000.log", StringComparison.Ordinal));
        var bytes = bed.Disk.Content(path);
        bytes[^1] ^= 1;
        bed.Disk.Put(path, bytes);
        node = bed.Start();
        Assert.Equal([false, true, false], node.Find("a")!.Partitions.Select(p => p.IsDamaged));
        Assert.Equal(1, await NodeBed.AppendAsync(node, node.Find("a", 0)!));
        node.Maintain();
        Assert.Equal(bytes, bed.Disk.Content(path));
        await node.DisposeAsync();
    }

    [Fact]
    public async Task The_cluster_id_is_made_once()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        var id = node.ClusterId;
        Assert.Equal(22, id.Length);
        await node.DisposeAsync();
        node = bed.Start();
        Assert.Equal(id, node.ClusterId);
        await node.DisposeAsync();
        var other = new NodeBed().Start();
        Assert.NotEqual(id, other.ClusterId);
        await other.DisposeAsync();
    }

    [Theory]
    [InlineData("version=2\ncluster.id=x\n", "version 2")]
    [InlineData("version=1\n", "cluster id")]
    [InlineData("", "version nothing")]
    public void Another_version_of_the_data_is_refused(string text, string said)
    {
        var bed = new NodeBed();
        bed.Disk.Put("/data/format", Encoding.UTF8.GetBytes(text));
        Assert.Contains(said, Assert.Throws<InvalidDataException>(() => bed.Start()).Message);
        Assert.False(bed.Disk.FileExists("/data/journal"));
    }

    [Fact]
    public async Task A_full_disk_at_the_first_start_says_so()
    {
        var bed = new NodeBed();
        bed.Disk.IsFull = true;
        Assert.Contains("No space left", Assert.Throws<IOException>(() => bed.Start()).Message);
        bed.Disk.IsFull = false;
        await bed.Start().DisposeAsync();
    }

    [Fact]
    public async Task A_place_that_cannot_be_written_says_so()
    {
        // Nobody makes a directory in /proc, not even root.
        var error = await Assert.ThrowsAsync<IOException>(() => EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = "/proc/streams-broker" }));
        Assert.Contains("/proc/streams-broker", error.Message);
    }

    [Fact]
    public async Task Files_of_a_topic_whose_deletion_a_crash_cut_short_go_at_the_next_start()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        node.Create("a", 1, []);
        await NodeBed.AppendAsync(node, node.Find("a", 0)!);
        node.Record(new TopicDeleted("a"));
        await node.Journal.FlushAsync();
        await node.DisposeAsync();
        Assert.Single(bed.Disk.Directories("/data/topics"));
        node = bed.Start();
        Assert.Empty(bed.Disk.Directories("/data/topics"));
        await node.DisposeAsync();
    }

    [Fact]
    public async Task New_settings_reach_the_logs_at_once()
    {
        var bed = new NodeBed();
        var node = bed.Start();
        node.Create("a", 1, []);
        node.Record(new ConfigsChanged("a", new Dictionary<string, string> { ["segment.bytes"] = "77", ["cleanup.policy"] = "compact,delete", ["retention.ms"] = "9" }));
        node.Record(new PartitionsAdded("a", 2));
        foreach (var log in node.Find("a")!.Partitions) Assert.Equal((77, 9, true, true), (log.Config.SegmentBytes, log.Config.RetentionMs, log.Config.Compacts, log.Config.Deletes));
        await node.DisposeAsync();
    }
}
