using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Xunit.Abstractions;

namespace Streams.Streaming.Tests.State;

public sealed class SessionStoreTests(ITestOutputHelper output)
{
    [Fact]
    public void A_session_store_agrees_with_a_list() => Sequences.Run(output, random => Check(random, s => new(s)));

    [Theory]
    [InlineData(typeof(LosesTombstones))]
    [InlineData(typeof(ForgetsToRemove))]
    [InlineData(typeof(LeavesOutTheEarliestEnd))]
    public void The_check_catches(Type bug) => Sequences.Catches(random => Check(random, s => (SessionSubject)Activator.CreateInstance(bug, s)!));

    [Fact]
    public void The_check_catches_a_retention_that_is_one_too_long() => Sequences.Catches(random => new SessionCheck(random, 50, () => new(New(51))).Run());

    [Fact]
    public void An_expired_session_is_refused_and_reported()
    {
        var store = New(100);
        Assert.True(store.Put(Session("k", 900, 1000), 1));

        Assert.True(store.Put(Session("k", 0, 901), 1));
        Assert.False(store.Put(Session("k", 0, 900), 1));
    }

    [Fact]
    public void Changelog_keys_have_Kafka_Streams_form()
    {
        var (store, log) = (New(100), new RecordedChangelog());
        store.Put(Session("key", 3, 0x0102), 1);
        log.Commit(store.Flush);

        Assert.Equal([.. "key"u8, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3], log.Records[0].Key);
    }

    [Fact]
    public void Merging_a_session_writes_its_old_bounds_end_and_the_new_value()
    {
        var (store, log) = (New(100), new RecordedChangelog());
        store.Put(Session("k", 1, 5), 1);
        log.Commit(store.Flush);
        for (var end = 6; end < 10; end++)
        {
            store.Remove(Session("k", 1, end - 1));
            store.Put(Session("k", 1, end), end);
        }

        Assert.Equal(3, log.Commit(store.Flush));
        Assert.Single(log.LiveKeys(), k => !RecordedChangelog.IsTime(k));
        Assert.Equal(9, store.FetchSession("k", 1, 9));
    }

    [Fact]
    public void A_search_into_a_list_and_a_merge_allocate_nothing()
    {
        var store = Stores.SessionStoreBuilder(Stores.InMemorySessionStore("s", TimeSpan.FromSeconds(100)), new Int64SerDes(), new Int64SerDes()).Build();
        var found = new List<KeyValuePair<Windowed<long>, long>>();
        var sink = new Sink();
        void Work()
        {
            for (long i = 0; i < 2000; i++)
            {
                found.Clear();
                store.FindSessions(i % 100, 0, 50_000, found);
                foreach (var (session, _) in found)
                    store.Remove(session);
                store.Put(new(i % 100, new SessionWindow(10, 20 + i % 7)), i);
                if (i % 500 == 0)
                    store.Flush(sink);
            }
        }

        Assert.Equal(0, Allocation.Of(Work));
    }

    private static Windowed<string> Session(string key, long start, long end) => new(key, new SessionWindow(start, end));

    private static MemorySessionStore<string, long> New(long retention) =>
        new(Stores.InMemorySessionStore("s", TimeSpan.FromMilliseconds(retention)), new StringSerDes(), new Int64SerDes());

    private static void Check(Random random, Func<ISessionStore<string, long>, SessionSubject> wrap)
    {
        var retention = random.Next(1, 100);
        new SessionCheck(random, retention, () => wrap(New(retention))).Run();
    }

    private sealed class LosesTombstones(ISessionStore<string, long> store) : SessionSubject(store)
    {
        public override void Flush(IChangelog changelog) => base.Flush(new WithoutDeletes(changelog));
    }

    private sealed class ForgetsToRemove(ISessionStore<string, long> store) : SessionSubject(store)
    {
        public override void Remove(Windowed<string> session)
        {
            if (session.Window.StartMs == session.Window.EndMs)
                base.Remove(session);
        }
    }

    private sealed class LeavesOutTheEarliestEnd(ISessionStore<string, long> store) : SessionSubject(store)
    {
        public override IEnumerable<KeyValuePair<Windowed<string>, long>> FindSessions(string key, long earliestEnd, long latestStart) =>
            base.FindSessions(key, earliestEnd + 1, latestStart);
    }
}
