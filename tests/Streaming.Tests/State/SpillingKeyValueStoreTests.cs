using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Streaming.Tests.State;

public sealed class SpillingKeyValueStoreTests(ITestOutputHelper output)
{
    [Fact]
    public void A_store_larger_than_memory_agrees_with_a_list() => Sequences.Run(output, random => Check(random, null, s => new(s)), full: 6_000);

    [Fact]
    public void A_store_larger_than_memory_with_a_time_to_live_agrees_with_a_list() => Sequences.Run(output, random => Check(random, random.Next(1, 60), s => new(s)), full: 6_000);

    [Theory]
    [InlineData(typeof(LosesTombstones))]
    [InlineData(typeof(ReadsWhatWasCommitted))]
    public void The_check_catches(Type bug) => Sequences.Catches(random => Check(random, null, s => (KeyValueSubject)Activator.CreateInstance(bug, s)!));

    [Fact]
    public void Overwritten_values_give_their_room_back()
    {
        using var store = New(null);
        var sink = new Sink();
        for (var round = 0; round < 60; round++)
        {
            for (var i = 0; i < 10_000; i++)
                store.Put($"a key of some length {i}", (long)round * i);
            store.Flush(sink);
        }

        // 10,000 entries of 48 bytes.
        Assert.InRange(store.SpilledBytes, 480_000, 5_000_000);
        for (var i = 0; i < 10_000; i++)
            Assert.Equal(59L * i, store.Get($"a key of some length {i}"));
    }

    [Fact]
    public void A_dictionary_of_hundreds_of_thousands_of_keys_agrees()
    {
        var (random, model, sink) = (new Random(5), new Dictionary<long, string>(), new Sink());
        using var store = new SpillingKeyValueStore<long, string>("s", new Int64SerDes(), new StringSerDes(), new(), null);
        for (var i = 0; i < Tier.Of(300_000, 3_000_000); i++)
        {
            var key = random.NextInt64(200_000);
            if (random.Next(4) == 0)
            {
                Assert.Equal(model.GetValueOrDefault(key), store.Delete(key));
                model.Remove(key);
            }
            else
            {
                model[key] = new string('x', random.Next(200)) + i;
                store.Put(key, model[key]);
            }
            if (i % 20_000 == 0)
                store.Flush(sink);
        }
        store.Flush(sink);

        Assert.Equal(model.Count, store.ApproximateNumEntries);
        foreach (var (key, value) in model)
            Assert.Equal(value, store.Get(key));
        Assert.Equal(model.OrderBy(e => e.Key).Take(100), store.All().Take(100));
    }

    [Fact]
    public void Nothing_stays_in_the_folder()
    {
        var folder = Directory.CreateTempSubdirectory("streams-spill-test");
        try
        {
            using var store = new SpillingKeyValueStore<string, long>("s", new StringSerDes(), new Int64SerDes(), new(folder.FullName), null);
            store.Put("k", 1);
            store.Flush(new Sink());

            Assert.Equal(1, store.Get("k"));
            Assert.True(OperatingSystem.IsWindows() || folder.GetFiles().Length == 0);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void An_entry_that_fits_into_no_file_is_refused()
    {
        using var store = new SpillingKeyValueStore<string, byte[]>("s", new StringSerDes(), new ByteArraySerDes(), new(), null);
        store.Put("large", new byte[20 << 20]);
        store.Flush(new Sink());
        Assert.Equal(20 << 20, store.Get("large")!.Length);

        store.Put("too large", new byte[40 << 20]);
        Assert.Throws<ArgumentException>(() => store.Flush(new Sink()));
    }

    [Fact]
    public void Gets_and_puts_of_known_keys_allocate_nothing_but_values()
    {
        using var store = new SpillingKeyValueStore<long, long>("s", new Int64SerDes(), new Int64SerDes(), new(), null);
        var sink = new Sink();
        void Work()
        {
            for (long i = 0; i < 10_000; i++)
            {
                store.TryGet(i % 1000, out var old);
                store.Put(i % 1000, old + 1);
                if (i % 2000 == 1999)
                    store.Flush(sink);
            }
        }

        // The delegates of a flush, and a segment's objects now and then.
        Assert.InRange(Allocation.Of(Work), 0, 2_000);
    }

    /// <summary>Thousands of stores come and go here: where the system has files in memory, they spare the disk.</summary>
    private static string? InMemoryFiles { get; } = Directory.Exists("/dev/shm") ? "/dev/shm" : null;

    private static SpillingKeyValueStore<string, long> New(long? ttl) => new("s", new StringSerDes(), new Int64SerDes(), new(InMemoryFiles), ttl);

    private static void Check(Random random, long? ttl, Func<IKeyValueStore<string, long>, KeyValueSubject> wrap) =>
        new KeyValueCheck(random, ttl, isOrdered: true, () => wrap(New(ttl))).Run();

    private sealed class LosesTombstones(IKeyValueStore<string, long> store) : KeyValueSubject(store)
    {
        public override void Flush(IChangelog changelog) => base.Flush(new WithoutDeletes(changelog));
    }

    /// <summary>As if the layer of uncommitted changes were not there.</summary>
    private sealed class ReadsWhatWasCommitted(IKeyValueStore<string, long> store) : KeyValueSubject(store)
    {
        private readonly Dictionary<string, long> uncommitted = [];

        public override void Put(string key, long value)
        {
            uncommitted[key] = TryGet(key, out var before) ? before : 0;
            base.Put(key, value);
        }

        public override bool TryGet(string key, out long value)
        {
            var found = base.TryGet(key, out value);
            if (found && uncommitted.TryGetValue(key, out var old))
                value = old;
            return found;
        }

        public override void Flush(IChangelog changelog)
        {
            uncommitted.Clear();
            base.Flush(changelog);
        }
    }
}
