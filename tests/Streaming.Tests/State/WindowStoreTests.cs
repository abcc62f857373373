using System.Buffers.Binary;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Xunit.Abstractions;

namespace Streams.Streaming.Tests.State;

public sealed class WindowStoreTests(ITestOutputHelper output)
{
    [Fact]
    public void A_window_store_agrees_with_a_list() => Sequences.Run(output, random => Check(random, false, s => new(s)));

    [Fact]
    public void A_window_store_that_keeps_duplicates_agrees_with_a_list() => Sequences.Run(output, random => Check(random, true, s => new(s)));

    [Theory]
    [InlineData(typeof(LosesTombstones))]
    [InlineData(typeof(TakesExpiredWindows))]
    [InlineData(typeof(OpensRanges))]
    [InlineData(typeof(SortsByTime))]
    [InlineData(typeof(ForgetsHalfACommit))]
    public void The_check_catches(Type bug) => Sequences.Catches(random => Check(random, false, s => (WindowSubject)Activator.CreateInstance(bug, s)!));

    [Fact]
    public void The_check_catches_a_retention_that_is_one_too_long() =>
        Sequences.Catches(random => new WindowCheck(random, 50, 10, false, () => new(New(51, 10))).Run());

    [Fact]
    public void The_check_catches_duplicates_that_replace_each_other() =>
        Sequences.Catches(random => new WindowCheck(random, 50, 10, true, () => new(New(50, 10))).Run());

    [Fact]
    public void An_expired_put_is_refused_and_reported()
    {
        var store = New(100, 10);
        Assert.True(store.Put("k", 1, 1000));

        Assert.True(store.Put("k", 1, 901));
        Assert.False(store.Put("k", 1, 900));
        Assert.False(store.Delete("k", 900));
        Assert.False(store.TryFetch("k", 900, out _));
    }

    [Fact]
    public void The_operators_time_expires_nothing_so_that_closed_windows_can_still_be_emitted()
    {
        var store = New(100, 10);
        store.Put("k", 1, 0);
        store.ObservedStreamTime = 5000;

        Assert.Equal([KeyValuePair.Create(0L, 1L)], store.Fetch("k", 0, 100));
        Assert.True(store.Put("k", 2, 50));
    }

    [Fact]
    public void The_operators_time_survives_a_restart_with_the_state()
    {
        var (store, log) = (New(100, 10), new RecordedChangelog());
        store.ObservedStreamTime = 77;
        store.ObservedStreamTime = 5;
        log.Commit(store.Flush);
        store.ObservedStreamTime = 99;

        var restored = New(100, 10);
        log.RestoreInto(new Random(1), restored.Restore);

        Assert.Equal(77, restored.ObservedStreamTime);
    }

    [Fact]
    public void Changelog_keys_have_Kafka_Streams_form()
    {
        var log = new RecordedChangelog();
        var store = Stores.TimestampedWindowStoreBuilder(Kind(100, 10, true), new StringSerDes(), new StringSerDes()).Build();
        store.Put("key", ValueAndTimestamp.Make("v", 7), 0x0102);
        store.Put("key", ValueAndTimestamp.Make("w", 8), 0x0102);
        log.Commit(store.Flush);

        Assert.Equal([.. "key"u8, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0], log.Records[0].Key);
        Assert.Equal([.. "key"u8, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1], log.Records[1].Key);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 7, .. "v"u8], log.Records[0].Value);
    }

    [Fact]
    public void Duplicates_keep_their_order_over_a_restart()
    {
        var log = new RecordedChangelog();
        var store = New(100, 10, duplicates: true);
        store.Put("k", 1, 5);
        store.Put("k", 2, 5);
        log.Commit(store.Flush);
        var restored = New(100, 10, duplicates: true);
        log.RestoreInto(new Random(1), restored.Restore);
        restored.Put("k", 3, 5);
        log.Commit(restored.Flush);

        Assert.Equal([1, 2, 3], restored.Fetch("k", 0, 10).Select(e => e.Value));
        Assert.Equal(3, log.LiveKeys().Count(k => !RecordedChangelog.IsTime(k)));
        Assert.Throws<NotSupportedException>(() => restored.Delete("k", 5));
    }

    [Fact]
    public void A_segment_of_many_windows_is_buried_over_several_commits()
    {
        var (store, sink) = (New(1000, 10), new Sink());
        for (var i = 0; i < 10_000; i++)
            store.Put($"k{i}", i, 5);
        store.Flush(sink);
        store.Put("last", 1, 5000);

        var written = new List<long>();
        for (var before = sink.Records; written.Count == 0 || written[^1] > 0; before = sink.Records)
        {
            store.Flush(sink);
            written.Add(sink.Records - before);
        }

        Assert.True(written.Max() <= 4096 + 2);
        Assert.Equal(10_000 + 2, written.Sum());
        Assert.Single(store.All());
    }

    [Fact]
    public void What_is_no_changelog_record_of_a_window_is_refused()
    {
        var store = New(100, 10);
        var negative = new byte[13];
        BinaryPrimitives.WriteInt64BigEndian(negative.AsSpan(1), -1);

        Assert.Throws<FormatException>(() => store.Restore(new byte[11], new byte[8], false));
        Assert.Throws<FormatException>(() => store.Restore(negative, new byte[8], false));
        Assert.Throws<FormatException>(() => store.Restore(new byte[12], new byte[7], false));
    }

    [Fact]
    public void A_time_that_is_none_is_refused()
    {
        var store = New(100, 10);

        Assert.Throws<ArgumentOutOfRangeException>(() => store.Put("k", 1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Put("k", 1, long.MaxValue));
        Assert.False(store.TryFetch("k", -1, out _));
        Assert.Empty(store.Fetch("k", long.MinValue, long.MaxValue));
    }

    [Fact]
    public void A_retention_shorter_than_a_window_is_an_error() => Assert.Throws<ArgumentException>(() => Kind(9, 10, false));

    [Fact]
    public void Updates_of_open_windows_allocate_nothing()
    {
        var store = Stores.TimestampedWindowStoreBuilder(Kind(70_000, 60_000, false), new Int64SerDes(), new Int64SerDes()).Build();
        var sink = new Sink();
        void Work()
        {
            for (long i = 0; i < 10_000; i++)
            {
                store.TryFetch(i % 1000, 60_000, out var old);
                store.Put(i % 1000, ValueAndTimestamp.Make(old.Value + 1, i), 60_000);
                store.ObservedStreamTime = i;
                if (i % 2000 == 0)
                    store.Flush(sink);
            }
        }

        Assert.Equal(0, Allocation.Of(Work));
    }

    [Fact]
    public void A_fetch_into_a_list_allocates_nothing()
    {
        var store = Stores.WindowStoreBuilder(Kind(1000, 10, true), new Int64SerDes(), new Int64SerDes()).Build();
        for (long i = 0; i < 10_000; i++)
            store.Put(i % 10, i, i / 10);
        var found = new List<KeyValuePair<long, long>>();
        void Work()
        {
            for (long i = 0; i < 1000; i++)
            {
                found.Clear();
                store.Fetch(i % 10, 500, 700, found);
            }
        }

        Assert.Equal(0, Allocation.Of(Work));
        Assert.Equal(201, found.Count);
    }

    private static WindowStoreSupplier Kind(long retention, long size, bool duplicates) =>
        Stores.InMemoryWindowStore("s", TimeSpan.FromMilliseconds(retention), TimeSpan.FromMilliseconds(size), duplicates);

    private static MemoryWindowStore<string, long> New(long retention, long size, bool duplicates = false) => new(Kind(retention, size, duplicates), new StringSerDes(), new Int64SerDes());

    private static void Check(Random random, bool duplicates, Func<IWindowStore<string, long>, WindowSubject> wrap)
    {
        var size = random.Next(1, 30);
        var retention = size + random.Next(0, 100);
        new WindowCheck(random, retention, size, duplicates, () => wrap(New(retention, size, duplicates))).Run();
    }

    private sealed class LosesTombstones(IWindowStore<string, long> store) : WindowSubject(store)
    {
        public override void Flush(IChangelog changelog) => base.Flush(new WithoutDeletes(changelog));
    }

    private sealed class ForgetsHalfACommit(IWindowStore<string, long> store) : WindowSubject(store)
    {
        public override void Flush(IChangelog changelog) => base.Flush(new EverySecond(changelog));
    }

    private sealed class TakesExpiredWindows(IWindowStore<string, long> store) : WindowSubject(store)
    {
        public override bool Put(string key, long value, long windowStart)
        {
            base.Put(key, value, windowStart);
            return true;
        }
    }

    private sealed class OpensRanges(IWindowStore<string, long> store) : WindowSubject(store)
    {
        public override IEnumerable<KeyValuePair<long, long>> Fetch(string key, long from, long to) => base.Fetch(key, from, to - 1);
    }

    private sealed class SortsByTime(IWindowStore<string, long> store) : WindowSubject(store)
    {
        public override IEnumerable<KeyValuePair<Windowed<string>, long>> All() => Store.FetchAllByTime(0, long.MaxValue);
    }
}
