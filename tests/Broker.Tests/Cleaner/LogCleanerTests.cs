using Streams.Broker.Compression;
using Streams.Broker.Log;

namespace Streams.Broker.Tests.Cleaner;

/// <summary>Rules of compaction, one at a time.</summary>
public sealed class LogCleanerTests
{
    private const long Enough = 1 << 20;
    private const long Retention = 1000;

    private static LogConfig Config => new() { Compacts = true, Deletes = false, SegmentBytes = 1000, MinCleanableDirtyRatio = 0, DeleteRetentionMs = Retention };

    [Fact]
    public void The_end_is_reached_by_position_although_an_open_transaction_begins_right_behind_what_was_cleaned()
    {
        var model = new ModelLog(Config);
        Write(model, "k", "1");
        Write(model, "k", "2");
        Roll(model, "k");
        // The last value of k is behind an open transaction, so that nothing below its beginning is needed.
        model.Append([new TestRecord("open", new string('o', 900))], Codec.None, producerId: 10, transactional: true);
        Write(model, "k", "3");
        Roll(model, "k");
        model.Log.Flush();
        Assert.NotNull(model.Clean(Enough));
        var reader = new ModelReader(model);
        while (reader.Fetch(100));
        Assert.Equal(model.Log.LastStableOffset, reader.Position);
    }

    [Fact]
    public void The_last_batch_of_a_cleaned_segment_stays_though_it_is_empty()
    {
        var model = new ModelLog(Config with { MinCompactionLagMs = 0 });
        Write(model, "a", "1");
        Roll(model, "filler");
        Roll(model, "filler");
        model.Append([new TestRecord("a", "2")], Codec.None);
        Roll(model, "filler");
        Clean(model);
        foreach (var segment in model.Log.Closed()) Assert.Equal(segment.EndOffset - 1, Batches(segment)[^1].LastOffset);
    }

    [Fact]
    public void A_producer_that_aborts_and_then_commits_is_read_even_when_the_marker_is_gone()
    {
        var model = new ModelLog(Config);
        model.Append([new TestRecord("k", "aborted")], Codec.None, 10, transactional: true);
        model.End(10, commit: false);
        // Six batches more, so that none of the transaction is among those that the producer's state hangs on.
        for (var i = 0; i < 6; i++)
        {
            model.Append([new TestRecord($"k{i}", "committed")], Codec.None, 10, transactional: true);
            model.End(10, commit: true);
        }
        for (var round = 0; round < 4; round++)
        {
            Roll(model, "filler");
            Clean(model);
            model.Clock.Now += Retention;
        }
        Assert.DoesNotContain(model.Log.Closed().SelectMany(Batches), b => b.BaseOffset < 2);
        Assert.Empty(model.Log.AbortedBetween(0, 100));
        CheckTable(model);
        model.Restart();
        CheckTable(model);
    }

    [Fact]
    public void The_time_of_a_tombstone_begins_when_its_values_go_and_not_before()
    {
        var model = new ModelLog(Config);
        Write(model, "deleted", "v");
        for (var i = 0; i < 5; i++) Write(model, $"k{i}", "v");
        Write(model, "deleted", null);
        Roll(model, "filler");
        model.Log.Flush();
        // Room for three keys: the tombstone is rewritten with its segment, but its value has not gone yet.
        model.Clean(24 * 4);
        Assert.All(model.Log.Closed().SelectMany(Batches), b => Assert.Null(b.Horizon));
        Assert.Contains(Left(model), r => r.Value == "v" && r.Key == "deleted");
        model.Clock.Now += 2 * Retention;
        Roll(model, "filler");
        Clean(model);
        Assert.DoesNotContain(Left(model), r => r.Value == "v" && r.Key == "deleted");
        Assert.Contains(Left(model), r => r.Value is null);
        model.Clock.Now += Retention - 1;
        Roll(model, "filler");
        Clean(model);
        Assert.Contains(Left(model), r => r.Value is null);
        model.Clock.Now += 1;
        Roll(model, "filler");
        Clean(model);
        Assert.DoesNotContain(Left(model), r => r.Key == "deleted");
    }

    [Fact]
    public void Only_enough_dirt_is_cleaned_and_what_is_old_in_any_case()
    {
        var model = new ModelLog(Config with { MinCleanableDirtyRatio = 0.5, MaxCompactionLagMs = 10_000, MinCompactionLagMs = 100 });
        for (var i = 0; i < 6; i++) Roll(model, $"k{i}");
        model.Log.Flush();
        Assert.Null(model.Clean(Enough));
        model.Clock.Now += 100;
        Assert.NotNull(model.Clean(Enough));
        Roll(model, "k0");
        model.Log.Flush();
        model.Clock.Now += 200;
        Assert.Null(model.Clean(Enough));
        // The lag counts for the last segment too, which is closed for it.
        model.Clock.Now += 10_001;
        Assert.Equal(7, model.Clean(Enough)?.EndOffset);
        Assert.Null(model.Clean(Enough));
    }

    [Fact]
    public void Where_it_stopped_is_known_after_a_restart()
    {
        var model = new ModelLog(Config);
        for (var i = 0; i < 4; i++) Roll(model, "k");
        Clean(model);
        model.Restart();
        Assert.Null(model.Clean(Enough));
    }

    [Fact]
    public void Zstandard_becomes_gzip_and_other_codecs_stay()
    {
        var model = new ModelLog(Config);
        foreach (var codec in Enum.GetValues<Codec>()) model.Append([new TestRecord("again", $"{codec}"), new TestRecord($"{codec}", "v")], codec);
        Write(model, "again", "last");
        Roll(model, "filler");
        Clean(model);
        Assert.Equal([Codec.None, Codec.Gzip, Codec.Snappy, Codec.Lz4, Codec.Gzip], model.Log.Closed().SelectMany(Batches).Take(5).Select(b => b.Codec));
        CheckTable(model);
    }

    [Fact]
    public void A_batch_that_nobody_can_read_stays_as_it_is()
    {
        var model = new ModelLog(Config);
        var broken = TestBatch.Of([new TestRecord("k", "v")], Codec.Lz4);
        broken[RecordBatch.HeaderSize + 9] ^= 0xFF;
        TestBatch.Seal(broken);
        model.Log.Append(broken);
        model.Log.Append(TestBatch.Of([new TestRecord("k", "1")]));
        model.Log.Append(TestBatch.Of([new TestRecord("k", new string('2', 1000))]));
        model.Log.Append(TestBatch.Of([new TestRecord("filler", "")]));
        model.Log.Flush();
        Assert.NotNull(model.Clean(Enough));
        Assert.Equal([0L, 1, 2], model.Log.Closed().SelectMany(Batches).Select(b => b.BaseOffset));
    }

    [Fact]
    public void A_damaged_segment_is_left_alone()
    {
        var model = new ModelLog(Config);
        for (var i = 0; i < 3; i++) Roll(model, "k");
        model.Log.Flush();
        var segment = model.Log.Closed()[0];
        segment.File.Write([1], segment.Size - 5);
        Assert.Throws<InvalidDataException>(() => model.Clean(Enough));
        Assert.Null(model.Log.Closed()[0].CleanedEnd);
    }

    [Fact]
    public void Records_without_a_key_go()
    {
        var model = new ModelLog(Config);
        model.Log.Append(TestBatch.Of([new TestRecord(null, "v"), new TestRecord("k", "v")]));
        model.Log.Append(TestBatch.Of([new TestRecord("filler", new string('f', 1000))]));
        model.Log.Append(TestBatch.Of([new TestRecord("filler", "")]));
        Clean(model);
        Assert.Equal(["k", "filler"], Left(model).Select(r => r.Key));
    }

    [Fact]
    public void The_map_of_keys_keeps_to_its_size_and_forgets_none()
    {
        var map = new CleanerOffsetMap(24 * 5000);
        var put = 0;
        while (map.TryPut(BitConverter.GetBytes(put), put)) put++;
        Assert.Equal(4500, put);
        Assert.True(map.TryPut(BitConverter.GetBytes(7), 9000));
        for (var i = 0; i < put; i++) Assert.Equal(i == 7 ? 9000 : i, map.Get(BitConverter.GetBytes(i)));
        Assert.Equal(-1, map.Get(BitConverter.GetBytes(put)));
    }

    private sealed record Seen(long BaseOffset, long LastOffset, Codec Codec, long? Horizon);

    private static void Write(ModelLog model, string key, string? value) => model.Append([new TestRecord(key, value, model.Clock.Now)], Codec.None);

    /// <summary>A record that fills a segment: the one before it is closed.</summary>
    private static void Roll(ModelLog model, string key) => Write(model, key, new string('r', 950));

    private static void Clean(ModelLog model)
    {
        model.Log.Flush();
        Assert.NotNull(model.Clean(Enough));
    }

    private static void CheckTable(ModelLog model)
    {
        var reader = new ModelReader(model);
        while (reader.Fetch(100_000));
        Assert.Equal(model.Table(model.Log.LastStableOffset), reader.Table);
    }

    private static List<Seen> Batches(Segment segment)
    {
        var batches = new List<Seen>();
        using var reader = new BatchReader(segment.File, 0, segment.Size);
        while (reader.Next(out var bytes))
        {
            var batch = new RecordBatch(bytes);
            batches.Add(new Seen(batch.BaseOffset, batch.LastOffset, (Codec)batch.Codec, batch.DeleteHorizon));
        }
        return batches;
    }

    private static List<TestRecord> Left(ModelLog model)
    {
        var left = new List<TestRecord>();
        foreach (var segment in model.Log.Closed())
        {
            using var reader = new BatchReader(segment.File, 0, segment.Size);
            while (reader.Next(out var bytes))
            {
                if (!new RecordBatch(bytes).IsControl) left.AddRange(TestBatch.Read(bytes).Select(r => r.Record));
            }
        }
        return left;
    }
}
