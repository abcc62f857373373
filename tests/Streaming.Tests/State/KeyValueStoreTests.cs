using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Xunit.Abstractions;

namespace Streams.Streaming.Tests.State;

public sealed class KeyValueStoreTests(ITestOutputHelper output)
{
    [Fact]
    public void A_key_value_store_agrees_with_a_list() => Sequences.Run(output, random => Check(random, null, s => new(s)));

    [Fact]
    public void A_key_value_store_with_a_time_to_live_agrees_with_a_list() => Sequences.Run(output, random => Check(random, random.Next(1, 60), s => new(s)));

    [Theory]
    [InlineData(typeof(LosesTombstones))]
    [InlineData(typeof(LeavesOutTheUpperBound))]
    [InlineData(typeof(ForgetsHalfACommit))]
    [InlineData(typeof(ResurrectsOnPut))]
    public void The_check_catches(Type bug) =>
        Sequences.Catches(random => Check(random, null, s => (KeyValueSubject)Activator.CreateInstance(bug, s)!));

    [Fact]
    public void The_check_catches_a_time_to_live_that_is_one_too_long() =>
        Sequences.Catches(random => new KeyValueCheck(random, 20, true, () => new(New(21))).Run());

    [Fact]
    public void An_entry_lives_for_its_time_to_live_and_not_a_millisecond_more()
    {
        var store = New(100);
        store.ObservedStreamTime = 1000;
        store.Put("k", 1);

        store.ObservedStreamTime = 1100;
        Assert.True(store.TryGet("k", out _));
        store.ObservedStreamTime = 1101;
        Assert.False(store.TryGet("k", out _));
    }

    [Fact]
    public void A_timestamped_entry_lives_from_its_own_time()
    {
        var store = Stores.TimestampedKeyValueStoreBuilder(Stores.InMemoryKeyValueStore("s", TimeSpan.FromMilliseconds(100)), new StringSerDes(), new Int64SerDes()).Build();
        store.Put("old", ValueAndTimestamp.Make(1L, 10));
        store.Put("new", ValueAndTimestamp.Make(2L, 110));
        Assert.True(store.TryGet("old", out _));

        store.Put("newer", ValueAndTimestamp.Make(3L, 111));

        Assert.False(store.TryGet("old", out _));
        Assert.Equal(["new", "newer"], store.All().Select(e => e.Key));
    }

    [Fact]
    public void Keys_are_ordered_by_their_bytes_as_in_Kafka_Streams()
    {
        var store = Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("s"), new Int32SerDes(), new StringSerDes()).Build();
        foreach (var key in new[] { 3, -1, 0, 256, int.MinValue })
            store.Put(key, "v");

        Assert.Equal([0, 3, 256, int.MinValue, -1], store.All().Select(e => e.Key));
    }

    [Fact]
    public void Keys_are_equal_when_their_bytes_are()
    {
        var store = Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("s"), new ByteArraySerDes(), new StringSerDes()).Build();
        store.Put([1, 2], "v");

        Assert.Equal("v", store.Get([1, 2]));
    }

    [Fact]
    public void Null_deletes_and_a_null_key_is_refused()
    {
        var store = Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("s"), new StringSerDes(), new StringSerDes()).Build();
        store.PutAll([new("a", "1"), new("b", "2")]);
        store.Put("a", null!);

        Assert.Null(store.Get("a"));
        Assert.Throws<ArgumentNullException>(() => store.Put(null!, "x"));
        Assert.Throws<ArgumentNullException>(() => store.Get(null!));
    }

    [Fact]
    public void A_key_that_came_and_went_between_two_commits_leaves_no_record()
    {
        var (store, log) = (New(null), new RecordedChangelog());
        store.Put("k", 1);
        store.Delete("k");

        Assert.Equal(0, log.Commit(store.Flush));
    }

    [Fact]
    public void The_key_of_the_stream_time_is_refused_as_a_users_key()
    {
        var store = Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("s"), new ByteArraySerDes(), new StringSerDes()).Build();
        var log = new RecordedChangelog();
        store.ObservedStreamTime = 7;
        log.Commit(store.Flush);

        Assert.Throws<ArgumentException>(() => store.Put(log.Records[0].Key, "x"));
    }

    [Fact]
    public void Many_keys_come_and_go_and_their_room_is_used_again()
    {
        var (store, log) = (New(null), new RecordedChangelog());
        for (var round = 0; round < 20; round++)
        {
            for (var i = 0; i < 5000; i++)
                store.Put($"key number {round} {i} with some length to it", i);
            store.Flush(new Sink());
            for (var i = 0; i < 5000; i++)
                Assert.Equal(i, store.Delete($"key number {round} {i} with some length to it"));
            store.Flush(new Sink());
        }

        Assert.Empty(store.All());
        store.Put("k", 1);
        Assert.Equal(1, log.Commit(store.Flush));
    }

    [Fact]
    public void Updates_of_known_keys_allocate_nothing()
    {
        var store = Stores.TimestampedKeyValueStoreBuilder(Stores.InMemoryKeyValueStore("s"), new Int64SerDes(), new Int64SerDes()).Build();
        var sink = new Sink();
        void Work()
        {
            for (long i = 0; i < 10_000; i++)
            {
                store.TryGet(i % 1000, out var old);
                store.Put(i % 1000, ValueAndTimestamp.Make(old.Value + 1, i));
                store.ObservedStreamTime = i;
                if (i % 2000 == 0)
                    store.Flush(sink);
            }
        }

        Assert.Equal(0, Allocation.Of(Work));
    }

    private static MemoryKeyValueStore<string, long> New(long? ttl) => new("s", new StringSerDes(), new Int64SerDes(), ttl);

    private static void Check(Random random, long? ttl, Func<IKeyValueStore<string, long>, KeyValueSubject> wrap) =>
        new KeyValueCheck(random, ttl, isOrdered: true, () => wrap(New(ttl))).Run();

    private sealed class LosesTombstones(IKeyValueStore<string, long> store) : KeyValueSubject(store)
    {
        public override void Flush(IChangelog changelog) => base.Flush(new WithoutDeletes(changelog));
    }

    private sealed class LeavesOutTheUpperBound(IKeyValueStore<string, long> store) : KeyValueSubject(store)
    {
        public override IEnumerable<KeyValuePair<string, long>> Range(string from, string to) => base.Range(from, to).Where(e => e.Key != to);
    }

    private sealed class ForgetsHalfACommit(IKeyValueStore<string, long> store) : KeyValueSubject(store)
    {
        public override void Flush(IChangelog changelog) => base.Flush(new EverySecond(changelog));
    }

    private sealed class ResurrectsOnPut(IKeyValueStore<string, long> store) : KeyValueSubject(store)
    {
        public override void Put(string key, long value)
        {
            if (!TryGet(key, out _))
                base.Put(key, value);
        }
    }
}
