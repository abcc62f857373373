using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.State;

/// <summary>Every kind of store under the runtime's own task: what a restart must bring back, and what an abort must not.</summary>
public sealed class StoresInATopologyTests
{
    [Fact]
    public void A_restart_brings_every_store_back_as_it_was_committed_and_replays_the_rest()
    {
        using var driver = new TopologyTestDriver(Topology(), partitions: 1);
        var input = driver.CreateInputTopic("input", new StringSerDes(), new StringSerDes());
        for (var i = 0; i < 200; i++)
        {
            input.PipeInput($"key {i % 7}", $"event {i % 60}", i * 10);
            if (i % 50 == 30)
                driver.Commit();
        }
        var before = Contents(driver);

        driver.Restart();

        Assert.Equal(before, Contents(driver));
        Assert.True(before.Count > 30);
    }

    [Fact]
    public void A_restart_after_expiry_brings_nothing_expired_back()
    {
        using var driver = new TopologyTestDriver(Topology(), partitions: 1);
        var input = driver.CreateInputTopic("input", new StringSerDes(), new StringSerDes());
        input.PipeInput("old", "event", 0);
        driver.Commit();
        input.PipeInput("new", "another", 100_000);
        driver.Commit();

        driver.Restart();

        Assert.DoesNotContain(Contents(driver), line => line.Contains("old", StringComparison.Ordinal) && !line.StartsWith("table", StringComparison.Ordinal));
        Assert.Equal(100_000, driver.GetStateStore<IWindowStore<string, long>>("windows").ObservedStreamTime);
    }

    [Fact]
    public void What_Materialized_says_reaches_the_store()
    {
        var said = InMemory.As<string, long>("counts").WithTtl(TimeSpan.FromSeconds(1)).WithLoggingDisabled().WithCachingEnabled().WithValueSerdes(new Int64SerDes());
        var builder = said.TimestampedKeyValueStore("default", new StringSerDes(), new Int64SerDes());
        var store = builder.Build();
        store.Put("k", ValueAndTimestamp.Make(1L, 0));
        store.ObservedStreamTime = 1001;

        Assert.Equal(("counts", false, true), (builder.Name, builder.LoggingEnabled, builder.CachingEnabled));
        Assert.False(store.TryGet("k", out _));
        Assert.Equal("default", Materialized<string, long, IKeyValueStore<string, long>>.Create<StringSerDes, Int64SerDes>()
            .TimestampedKeyValueStore("default", new StringSerDes(), new Int64SerDes()).Name);
    }

    [Fact]
    public void A_retention_that_cannot_hold_the_windows_is_an_error_that_names_the_store()
    {
        var said = InMemoryWindows.As<string, long>("minutes").WithRetention(TimeSpan.FromSeconds(60));

        var error = Assert.Throws<TopologyException>(() =>
            said.TimestampedWindowStore("default", TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(60), new StringSerDes(), new Int64SerDes()));

        Assert.Contains("\"minutes\"", error.Message, StringComparison.Ordinal);
        Assert.Throws<TopologyException>(() =>
            InMemorySessions.As<string, long>("s").WithRetention(TimeSpan.FromSeconds(1)).SessionStore("default", TimeSpan.FromSeconds(2), new StringSerDes(), new Int64SerDes()));
    }

    private static Topology Topology()
    {
        var (text, number) = (new StringSerDes(), new Int64SerDes());
        return new Topology()
            .AddSource("source", ["input"], text, text)
            .AddProcessor<string, string, string, string>("processor", () => new Everything(), "source")
            .AddStateStore(Stores.TimestampedKeyValueStoreBuilder(Stores.InMemoryKeyValueStore("table"), text, number), "processor")
            .AddStateStore(Stores.KeyValueStoreBuilder(Stores.PersistentKeyValueStore("large", TimeSpan.FromSeconds(1)), text, number), "processor")
            .AddStateStore(Stores.WindowStoreBuilder(Stores.InMemoryWindowStore("windows", TimeSpan.FromMilliseconds(150), TimeSpan.FromMilliseconds(100)), text, number), "processor")
            .AddStateStore(Stores.SessionStoreBuilder(Stores.InMemorySessionStore("sessions", TimeSpan.FromMilliseconds(150)), text, number), "processor")
            .AddStateStore(Stores.DuplicateFilter("seen", TimeSpan.FromMilliseconds(400)), "processor");
    }

    private static List<string> Contents(TopologyTestDriver driver) =>
    [
        .. driver.GetStateStore<ITimestampedKeyValueStore<string, long>>("table").All().Select(e => $"table {e}"),
        .. driver.GetStateStore<IKeyValueStore<string, long>>("large").All().Select(e => $"large {e}"),
        .. driver.GetStateStore<IWindowStore<string, long>>("windows").All().Select(e => $"windows {e}"),
        .. driver.GetStateStore<ISessionStore<string, long>>("sessions").All().Select(e => $"sessions {e}"),
        .. Enumerable.Range(0, 60).Select(i => $"seen {i} {driver.GetStateStore<IDuplicateFilter>("seen").Contains(SipHash128.Identity(System.Text.Encoding.UTF8.GetBytes($"event {i}")))}"),
    ];

    /// <summary>Counts new events by key, by window of 100 ms and by session with a gap of 40 ms.</summary>
    private sealed class Everything : IProcessor<string, string, string, string>
    {
        private ITimestampedKeyValueStore<string, long> table = null!;
        private IKeyValueStore<string, long> large = null!;
        private IWindowStore<string, long> windows = null!;
        private ISessionStore<string, long> sessions = null!;
        private IDuplicateFilter seen = null!;

        public void Init(IProcessorContext<string, string> context)
        {
            table = context.GetStateStore<ITimestampedKeyValueStore<string, long>>("table");
            large = context.GetStateStore<IKeyValueStore<string, long>>("large");
            windows = context.GetStateStore<IWindowStore<string, long>>("windows");
            sessions = context.GetStateStore<ISessionStore<string, long>>("sessions");
            seen = context.GetStateStore<IDuplicateFilter>("seen");
        }

        public void Process(in Record<string, string> record)
        {
            var (key, time) = (record.Key, record.Timestamp);
            windows.ObservedStreamTime = large.ObservedStreamTime = time;
            if (!seen.TryAdd(System.Text.Encoding.UTF8.GetBytes(record.Value), time))
                return;
            table.Put(key, ValueAndTimestamp.Make(table.Get(key).Value + 1, time));
            large.Put(key, large.Get(key) + 1);
            windows.Put(key, windows.Fetch(key, time - time % 100) + 1, time - time % 100);
            var (start, count) = (time, 1L);
            foreach (var (session, sum) in sessions.FindSessions(key, time - 40, time))
            {
                sessions.Remove(session);
                (start, count) = (Math.Min(start, session.Window.StartMs), count + sum);
            }
            sessions.Put(new(key, new SessionWindow(start, time)), count);
        }
    }
}
