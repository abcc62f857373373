using Streams.Streaming.State;

namespace Streams.Streaming.Tests.State;

/// <summary>What the check does with a session store. Planted bugs override some of it.</summary>
internal class SessionSubject(ISessionStore<string, long> store)
{
    public ISessionStore<string, long> Store => store;

    public virtual bool Put(Windowed<string> session, long value) => store.Put(session, value);

    public virtual void Remove(Windowed<string> session) => store.Remove(session);

    public virtual IEnumerable<KeyValuePair<Windowed<string>, long>> FindSessions(string key, long earliestEnd, long latestStart) => store.FindSessions(key, earliestEnd, latestStart);

    public virtual void Flush(IChangelog changelog) => store.Flush(changelog);
}

/// <summary>Random sequences on a session store beside a list that is searched from end to end.</summary>
internal sealed class SessionCheck(Random random, long retention, Func<SessionSubject> make)
{
    private static readonly string[] Keys = ["", "a", "ab", "b", "customer|meter"];
    private readonly RecordedChangelog changelog = new();
    private List<Entry> model = [], committedModel = [];
    private long latest = -1, committedLatest = -1, operatorTime = -1, committedOperatorTime = -1;
    private SessionSubject subject = make();

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
        var session = Session();
        switch (random.Next(16))
        {
            case < 6:
                Put(session);
                break;
            case < 8 when model.Count > 0:
                Merge(model[random.Next(model.Count)]);
                break;
            case 8:
                subject.Remove(session);
                model.RemoveAll(e => e.Session == session);
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
                var expected = Visible().LastOrDefault(e => e.Session == session);
                Assert.Equal(expected is not null, subject.Store.TryFetchSession(session.Key, session.Window.StartMs, session.Window.EndMs, out var value));
                Assert.Equal(expected?.Value ?? 0, value);
                break;
        }
        Assert.Equal(operatorTime, subject.Store.ObservedStreamTime);
    }

    private Windowed<string> Session()
    {
        var end = Math.Max(0, latest + random.Next(-(int)retention - 5, 12));
        return new(Keys[random.Next(Keys.Length)], new SessionWindow(Math.Max(0, end - random.Next(6)), end));
    }

    /// <summary>What a session aggregate does with a record that lengthens a session.</summary>
    private void Merge(Entry entry)
    {
        subject.Remove(entry.Session);
        model.Remove(entry);
        var (start, end) = entry.Session.Window;
        Put(new(entry.Session.Key, new SessionWindow(Math.Max(0, start - random.Next(2)), end + random.Next(4))));
    }

    private void Put(Windowed<string> session)
    {
        var value = random.NextInt64();
        latest = Math.Max(latest, session.Window.EndMs);
        Assert.Equal(session.Window.EndMs >= Earliest, subject.Put(session, value));
        if (session.Window.EndMs < Earliest)
            return;
        model.RemoveAll(e => e.Session == session);
        model.Add(new(session, value));
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
        var (earliestEnd, latestStart) = (latest - random.Next((int)retention * 2), latest + random.Next(-10, 5));
        var (low, high) = (random.Next(Keys.Length), random.Next(Keys.Length));
        var inRange = Visible().Where(e => e.Session.Window.EndMs >= earliestEnd && e.Session.Window.StartMs <= latestStart).ToList();
        foreach (var key in Keys)
        {
            Assert.Equal(Sorted(inRange.Where(e => e.Session.Key == key)), subject.FindSessions(key, earliestEnd, latestStart));
            Assert.Equal(Sorted(inRange.Where(e => e.Session.Key == key)).AsEnumerable().Reverse(), subject.Store.BackwardFindSessions(key, earliestEnd, latestStart));
            Assert.Equal(Sorted(Visible().Where(e => e.Session.Key == key)), subject.Store.Fetch(key));
        }
        var between = inRange.Where(e => Array.IndexOf(Keys, e.Session.Key) >= low && Array.IndexOf(Keys, e.Session.Key) <= high);
        Assert.Equal(Sorted(between), subject.Store.FindSessions(Keys[low], Keys[high], earliestEnd, latestStart));
        Assert.Equal(Sorted(Visible()), subject.Store.All());
        var byEnd = Visible().Where(e => e.Session.Window.EndMs >= earliestEnd && e.Session.Window.EndMs <= latestStart)
            .OrderBy(e => e.Session.Window.EndMs).ThenBy(e => e.Session.Key, StringComparer.Ordinal).ThenBy(e => e.Session.Window.StartMs);
        Assert.Equal(byEnd.Select(e => KeyValuePair.Create(e.Session, e.Value)), subject.Store.FindSessionsByEnd(earliestEnd, latestStart));
    }

    /// <summary>In the end every session has expired and left the changelog.</summary>
    private void Finish()
    {
        latest = Math.Max(latest, 0) + 3 * retention;
        Assert.True(subject.Put(new("last", new SessionWindow(latest, latest)), 1));
        changelog.Commit(subject.Flush);
        Assert.Single(changelog.LiveKeys(), k => !RecordedChangelog.IsTime(k));
        Assert.Single(subject.Store.All());
    }

    private IEnumerable<Entry> Visible() => model.Where(e => e.Session.Window.EndMs >= Earliest);

    private static List<KeyValuePair<Windowed<string>, long>> Sorted(IEnumerable<Entry> entries) =>
        [.. entries.OrderBy(e => e.Session.Key, StringComparer.Ordinal).ThenBy(e => e.Session.Window.EndMs).ThenBy(e => e.Session.Window.StartMs)
            .Select(e => KeyValuePair.Create(e.Session, e.Value))];

    private sealed record Entry(Windowed<string> Session, long Value);
}
