namespace Streams.Streaming.State;

/// <summary>Which entries may expire when: numbers of entries by buckets of a sixteenth of the time to live. Whoever takes a number checks the entry's own time, which may be later by now.</summary>
internal sealed class ExpiryBuckets(long ttl)
{
    private readonly long width = Math.Max(1, ttl / 16);
    private readonly SortedDictionary<long, List<int>> buckets = [];
    private long firstBucket = long.MaxValue;

    public void Add(int number, long time)
    {
        var bucket = time / width;
        if (!buckets.TryGetValue(bucket, out var numbers))
            buckets.Add(bucket, numbers = []);
        numbers.Add(number);
        firstBucket = Math.Min(firstBucket, bucket);
    }

    public bool SameBucket(long time, long other) => time / width == other / width;

    /// <summary>The numbers of the oldest bucket all of whose times have expired, in the order in which they were added; null if there is none.</summary>
    public List<int>? TakeExpired(long now)
    {
        if (now < ttl || firstBucket >= (now - ttl) / width)
            return null;
        var taken = buckets[firstBucket];
        buckets.Remove(firstBucket);
        firstBucket = long.MaxValue;
        foreach (var bucket in buckets.Keys)
        {
            firstBucket = bucket;
            break;
        }
        return taken;
    }
}
