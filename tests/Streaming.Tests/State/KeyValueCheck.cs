using System.Text;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.State;

/// <summary>What the check does with a key-value store. Planted bugs override some of it.</summary>
internal class KeyValueSubject(IKeyValueStore<string, long> store)
{
    public IKeyValueStore<string, long> Store => store;

    public virtual void Put(string key, long value) => store.Put(key, value);

    public virtual long Delete(string key) => store.Delete(key);

    public virtual bool TryGet(string key, out long value) => store.TryGet(key, out value);

    public virtual IEnumerable<KeyValuePair<string, long>> Range(string from, string to) => store.Range(from, to);

    public virtual void Flush(IChangelog changelog) => store.Flush(changelog);
}

/// <summary>Random sequences on a key-value store beside a list that is searched from end to end.</summary>
internal sealed class KeyValueCheck(Random random, long? ttl, bool isOrdered, Func<KeyValueSubject> make)
{
    private static readonly string[] Keys = ["", "a", "ab", "b", "zz", "ß", "€", "k1", "k2", "k10", "another key that is longer", "\u0001"];
    private readonly RecordedChangelog changelog = new();
    private List<Entry> model = [], committedModel = [];
    private List<string> told = [], committedTold = [];
    private long time = -1, committedTime = -1;
    private KeyValueSubject subject = make();

    public void Run()
    {
        subject.Store.OnExpired = Tell;
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
        switch (random.Next(16))
        {
            case < 6:
                var value = random.NextInt64();
                subject.Put(key, value);
                Set(key, value);
                break;
            case < 8:
                Assert.Equal(Find(key)?.Value ?? 0, subject.Delete(key));
                model.RemoveAll(e => e.Key == key && IsVisible(e));
                break;
            case 8:
                var before = Find(key);
                Assert.Equal(before?.Value ?? 0, subject.Store.PutIfAbsent(key, 17));
                if (before is null)
                    Set(key, 17);
                break;
            case < 11:
                AdvanceTo(time + random.Next(1, 9));
                break;
            case 11:
                subject.Store.ObservedStreamTime = time - random.Next(1, 5);
                break;
            case 12:
                Commit();
                break;
            case 13:
                Crash();
                break;
            default:
                Assert.Equal(Find(key) is not null, subject.TryGet(key, out var found));
                Assert.Equal(Find(key)?.Value ?? 0, found);
                break;
        }
        Assert.Equal(time, subject.Store.ObservedStreamTime);
    }

    private void Set(string key, long value)
    {
        model.RemoveAll(e => e.Key == key && IsVisible(e));
        model.Add(new(key, value, Math.Max(time, 0)));
    }

    private void AdvanceTo(long newTime)
    {
        time = newTime;
        subject.Store.ObservedStreamTime = newTime;
    }

    private void Commit()
    {
        changelog.Commit(subject.Flush);
        Assert.Equal(0, changelog.Commit(subject.Flush));
        (committedModel, committedTime, committedTold) = ([.. model], time, [.. told]);
    }

    /// <summary>What was not committed is gone; a new store takes its state from the changelog.</summary>
    private void Crash()
    {
        (subject.Store as IDisposable)?.Dispose();
        subject = make();
        changelog.RestoreInto(random, subject.Store.Restore);
        (model, time, told) = ([.. committedModel], committedTime, [.. committedTold]);
        subject.Store.OnExpired = Tell;
        Assert.Equal(0, changelog.Commit(c =>
        {
            if (ttl is null)
                subject.Flush(c);
        }));
    }

    private void Tell(string key, long value)
    {
        var entry = model.Find(e => e.Key == key && e.Value == value && !IsVisible(e));
        Assert.True(entry is not null, $"\"{key}\" was said to have expired");
        model.Remove(entry);
        told.Add(key);
    }

    private void CompareAll()
    {
        foreach (var key in Keys)
        {
            Assert.Equal(Find(key) is not null, subject.Store.TryGet(key, out var value));
            Assert.Equal(Find(key)?.Value ?? 0, value);
        }
        if (!isOrdered)
            return;
        var (from, to) = (Keys[random.Next(Keys.Length)], Keys[random.Next(Keys.Length)]);
        var range = Sorted().Where(e => Compare(e.Key, from) >= 0 && Compare(e.Key, to) <= 0).ToList();
        Assert.Equal(Sorted(), subject.Store.All());
        Assert.Equal(Sorted().Reverse(), subject.Store.ReverseAll());
        Assert.Equal(range, subject.Range(from, to));
        Assert.Equal(range.AsEnumerable().Reverse(), subject.Store.ReverseRange(from, to));
        Assert.Equal(Sorted().Where(e => e.Key.StartsWith('k')), subject.Store.PrefixScan("k", new StringSerDes()));
    }

    /// <summary>In the end all that can expire has expired, was told once, and has left the changelog.</summary>
    private void Finish()
    {
        if (ttl is { } t)
            AdvanceTo(Math.Max(time, 0) + 3 * t);
        Commit();
        var inLog = changelog.LiveKeys().Where(k => !RecordedChangelog.IsTime(k)).Select(Encoding.UTF8.GetString).Order(StringComparer.Ordinal);
        Assert.Equal(ttl is null ? model.Select(e => e.Key).Order(StringComparer.Ordinal) : [], inLog);
        if (ttl is not null)
            Assert.Empty(model);
        Assert.Equal(ttl is null ? model.Count : 0, subject.Store.ApproximateNumEntries);
        (subject.Store as IDisposable)?.Dispose();
    }

    private Entry? Find(string key) => model.Find(e => e.Key == key && IsVisible(e));

    private bool IsVisible(Entry entry) => ttl is null || time - entry.Time <= ttl;

    private IEnumerable<KeyValuePair<string, long>> Sorted()
    {
        var sorted = model.Where(IsVisible).ToList();
        sorted.Sort((a, b) => Compare(a.Key, b.Key));
        return sorted.Select(e => KeyValuePair.Create(e.Key, e.Value)).ToList();
    }

    private static int Compare(string a, string b)
    {
        var (x, y) = (Encoding.UTF8.GetBytes(a), Encoding.UTF8.GetBytes(b));
        for (var i = 0; i < Math.Min(x.Length, y.Length); i++)
        {
            if (x[i] != y[i])
                return x[i] - y[i];
        }
        return x.Length - y.Length;
    }

    private sealed record Entry(string Key, long Value, long Time);
}
