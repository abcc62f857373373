namespace Streams.Streaming.Tests.Windows;

/// <summary>A record as it arrives. A null key or value is none.</summary>
internal sealed record Arrival(string? Key, string? Value, long Time);

/// <summary>A random run: records out of order, with equal times, without keys and values, and where the application was committed and restarted.</summary>
internal sealed record Arrivals(IReadOnlyList<Arrival> Records, IReadOnlySet<int> Commits, IReadOnlySet<int> Restarts)
{
    /// <param name="step">How far times go from one record to the next, at most.</param>
    public static Arrivals Random(Random random, int step)
    {
        var records = new List<Arrival>();
        var (commits, restarts) = (new HashSet<int>(), new HashSet<int>());
        var now = random.Next(2) == 0 ? 0L : random.Next(10_000);
        for (var i = random.Next(5, 60); i > 0; i--)
        {
            var time = random.Next(6) switch
            {
                0 => now,
                1 => Math.Max(0, now - random.Next(5 * step)),
                2 => Math.Max(0, now - random.Next(step + 1)),
                _ => now += random.Next(step + 1),
            };
            if (random.Next(15) == 0)
                now = time += random.Next(6 * step);
            if (random.Next(8) == 0)
                commits.Add(records.Count);
            if (random.Next(10) == 0)
                restarts.Add(records.Count);
            var key = random.Next(20) == 0 ? null : ((char)('a' + random.Next(3))).ToString();
            var value = random.Next(15) == 0 ? null : ((char)('A' + random.Next(26))).ToString();
            records.Add(new Arrival(key, value, time));
        }
        return new(records, commits, restarts);
    }

    /// <summary>
    /// Without the records whose own sliding window is closed while later ones that they lie in may be open. They count in the windows there are, but windows that are
    /// made later come from aggregates, not from records, and may lack them: what they give is not defined by the records alone.
    /// </summary>
    public Arrivals WithoutHalfLate(long difference, long grace)
    {
        var kept = new List<Arrival>();
        var streamTime = -1L;
        foreach (var arrival in Records)
        {
            if (arrival.Key is not null && arrival.Value is not null)
            {
                var closed = Math.Max(streamTime, arrival.Time) - grace;
                if (arrival.Time < closed && arrival.Time + difference >= closed)
                    continue;
                streamTime = Math.Max(streamTime, arrival.Time);
            }
            kept.Add(arrival);
        }
        return this with { Records = kept };
    }
}
