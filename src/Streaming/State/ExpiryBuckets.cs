namespace Streams.Streaming.State;

/// <summary>Which entries may expire when: where they are, by buckets of a sixteenth of the time to live. Whoever takes a place checks the time of what is there by now.</summary>
internal sealed class ExpiryBuckets<TPlace>(long ttl)
{
    private readonly long width = Math.Max(1, ttl / 16);
    private readonly SortedDictionary<long, List<TPlace>> buckets = [];
    private long firstBucket = long.MaxValue;

    public void Add(TPlace place, long time)
    {
        var bucket = time / width;
        if (!buckets.TryGetValue(bucket, out var places))
            buckets.Add(bucket, places = []);
        places.Add(place);
        firstBucket = Math.Min(firstBucket, bucket);
    }

    public bool SameBucket(long time, long other) => time / width == other / width;

    /// <summary>The places of the oldest bucket all of whose times have expired, in the order in which they were added; null if there is none.</summary>
    public List<TPlace>? TakeExpired(long now)
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
