using Streams.Streaming.State;

namespace Streams.Streaming.Tests.State;

/// <summary>What the check does with a window store. Planted bugs override some of it.</summary>
internal class WindowSubject(IWindowStore<string, long> store)
{
    public IWindowStore<string, long> Store => store;

    public virtual bool Put(string key, long value, long windowStart) => store.Put(key, value, windowStart);

    public virtual bool Delete(string key, long windowStart) => store.Delete(key, windowStart);

    public virtual IEnumerable<KeyValuePair<long, long>> Fetch(string key, long from, long to) => store.Fetch(key, from, to);

    public virtual IEnumerable<KeyValuePair<Windowed<string>, long>> All() => store.All();

    public virtual void Flush(IChangelog changelog) => store.Flush(changelog);
}

/// <summary>Random sequences on a window store beside a list that is searched from end to end.</summary>
internal sealed class WindowCheck(Random random, long retention, long size, bool duplicates, Func<WindowSubject> make)
{
    private static readonly string[] Keys = ["", "a", "ab", "b", "customer|meter"];
    private readonly RecordedChangelog changelog = new();
    private List<Entry> model = [], committedModel = [];
    private long latest = -1, committedLatest = -1, operatorTime = -1, committedOperatorTime = -1;
    private WindowSubject subject = make();
    private int puts;

    private long Earliest => latest - retention + 1;

    public void Run()
    {
        var steps = random.Next(20, 120);
        for (var i = 0; i < steps; i++)
        {
            Step();
            if (i % 8 == 0)
                CompareAll();
        }
        CompareAll();
        Finish();
    }

    private void Step()
    {
        var key = Keys[random.Next(Keys.Length)];
        var start = Math.Max(0, latest + random.Next(-(int)retention - 5, 12));
        switch (random.Next(16))
        {
            case < 8:
                Put(key, start);
                break;
            case 8 when !duplicates:
                latest = Math.Max(latest, start);
                Assert.Equal(start >= Earliest, subject.Delete(key, start));
                if (start >= Earliest)
                    model.RemoveAll(e => e.Key == key && e.Start == start);
                break;
            case 9:
                operatorTime = Math.Max(operatorTime, latest + random.Next(40));
                subject.Store.ObservedStreamTime = operatorTime;
                break;
            case 10:
                Commit();
                break;
            case 11:
                Crash();
                break;
            default:
                var expected = Visible().LastOrDefault(e => e.Key == key && e.Start == start);
                Assert.Equal(expected is not null, subject.Store.TryFetch(key, start, out var value));
                Assert.Equal(expected?.Value ?? 0, value);
                Assert.Equal(expected?.Value ?? 0, subject.Store.Fetch(key, start));
                break;
        }
        Assert.Equal(operatorTime, subject.Store.ObservedStreamTime);
    }

    private void Put(string key, long start)
    {
        var value = random.NextInt64();
        latest = Math.Max(latest, start);
        Assert.Equal(start >= Earliest, subject.Put(key, value, start));
        if (start < Earliest)
            return;
        if (!duplicates)
            model.RemoveAll(e => e.Key == key && e.Start == start);
        model.Add(new(key, start, value, puts++));
    }

    private void Commit()
    {
        changelog.Commit(subject.Flush);
        Assert.Equal(0, changelog.Commit(subject.Flush));
        (committedModel, committedLatest, committedOperatorTime) = ([.. model], latest, operatorTime);
    }

    private void Crash()
    {
        subject = make();
        changelog.RestoreInto(random, subject.Store.Restore);
        (model, latest, operatorTime) = ([.. committedModel], committedLatest, committedOperatorTime);
    }

    private void CompareAll()
    {
        var (from, to) = (latest - random.Next((int)retention * 2), latest + random.Next(-5, 5));
        var (low, high) = (random.Next(Keys.Length), random.Next(Keys.Length));
        foreach (var key in Keys)
        {
            var own = Visible().Where(e => e.Key == key && e.Start >= from && e.Start <= to).OrderBy(e => e.Start).ThenBy(e => e.Put)
                .Select(e => KeyValuePair.Create(e.Start, e.Value)).ToList();
            Assert.Equal(own, subject.Fetch(key, from, to));
            Assert.Equal(own.AsEnumerable().Reverse(), subject.Store.BackwardFetch(key, from, to));
        }
        Assert.Equal(ByKey(Visible()), subject.All());
        Assert.Equal(ByKey(Visible()).AsEnumerable().Reverse(), subject.Store.BackwardAll());
        var inRange = Visible().Where(e => e.Start >= from && e.Start <= to).ToList();
        Assert.Equal(ByKey(inRange), subject.Store.FetchAll(from, to));
        Assert.Equal(ByKey(inRange).AsEnumerable().Reverse(), subject.Store.BackwardFetchAll(from, to));
        Assert.Equal(Windows(inRange.OrderBy(e => e.Start).ThenBy(e => e.Key, StringComparer.Ordinal).ThenBy(e => e.Put)), subject.Store.FetchAllByTime(from, to));
        var between = inRange.Where(e => Array.IndexOf(Keys, e.Key) >= low && Array.IndexOf(Keys, e.Key) <= high).ToList();
        Assert.Equal(ByKey(between), subject.Store.Fetch(Keys[low], Keys[high], from, to));
        Assert.Equal(ByKey(between).AsEnumerable().Reverse(), subject.Store.BackwardFetch(Keys[low], Keys[high], from, to));
    }

    /// <summary>In the end every window has expired and left the changelog.</summary>
    private void Finish()
    {
        latest = Math.Max(latest, 0) + 3 * retention;
        Assert.True(subject.Put("last", 1, latest));
        changelog.Commit(subject.Flush);
        Assert.Single(changelog.LiveKeys(), k => !RecordedChangelog.IsTime(k));
        Assert.Single(subject.All());
    }

    private IEnumerable<Entry> Visible() => model.Where(e => e.Start >= Earliest);

    private List<KeyValuePair<Windowed<string>, long>> ByKey(IEnumerable<Entry> entries) =>
        Windows(entries.OrderBy(e => e.Key, StringComparer.Ordinal).ThenBy(e => e.Start).ThenBy(e => e.Put));

    private List<KeyValuePair<Windowed<string>, long>> Windows(IEnumerable<Entry> entries) =>
        [.. entries.Select(e => KeyValuePair.Create(new Windowed<string>(e.Key, new Window(e.Start, e.Start + size)), e.Value))];

    private sealed record Entry(string Key, long Start, long Value, int Put);
}
