using Streams.Aggregators.Metering;
using Streams.Schemas.Identity;
using Streams.Streaming;
using Xunit.Abstractions;

namespace Streams.Aggregators.Tests.Metering;

/// <summary>The duplicate filter against a dictionary, over random sequences with expiry, flushes and restores from the changelog.</summary>
public sealed class SeenFilterTests(ITestOutputHelper output)
{
    const long Second = 1_000_000, Minute = 60 * Second, Hour = 3600 * Second;

    [Theory]
    [InlineData(1, 200, 20)]
    [InlineData(2, 20_000, 3)]
    [InlineData(3, 3, 60)]
    public void Agrees_with_a_dictionary(int seed, int identities, int secondsAStep)
    {
        var random = new Random(seed);
        var model = new Dictionary<int, long>();
        var log = new Changelog();
        var filter = new SeenFilter("seen");
        var (now, duplicates, restores) = (Bench.Noon, 0, 0);
        for (var step = 0; step < 60_000; step++)
        {
            now += random.Next(secondsAStep) * Second + (random.Next(5000) == 0 ? 2 * Hour : 0);
            var since = now - Hour;
            var id = random.Next(identities);
            var at = now - random.Next(90) * Second;
            var expected = model.TryGetValue(id, out var known) && known >= since;
            Assert.True(filter.Contains(Identity(id), since, out var place) == expected, $"seed {seed}, step {step}");
            if (expected) duplicates++;
            else
            {
                filter.Add(Identity(id), at, place);
                model[id] = Math.Max(at, model.GetValueOrDefault(id));
            }
            if (random.Next(100) == 0) filter.Expire(since);
            if (random.Next(1000) != 0) continue;
            filter.Flush(log);
            if (random.Next(3) != 0) continue;
            filter = log.Restored();
            restores++;
        }
        output.WriteLine($"seed {seed}: {duplicates} duplicates, {restores} restores, {filter.Count} identities, {log.Records.Count} packs");
        Assert.True(duplicates > 10 && restores > 5);
    }

    [Fact]
    public void Room_of_expired_identities_is_used_again_and_forgets_them()
    {
        var filter = new SeenFilter("seen");
        long held = 0;
        for (var round = 0; round < 20; round++)
        {
            var start = Bench.Noon + round * 2 * Hour;
            filter.Expire(start - Hour);
            for (var i = 0; i < 30_000; i++)
            {
                var identity = Identity(i);
                Assert.False(filter.Contains(identity, start - Hour, out var place), $"round {round}: {i} has expired");
                filter.Add(identity, start + i, place);
            }
            if (round == 1) held = filter.Bytes;
        }
        Assert.Equal(held, filter.Bytes);
        Assert.Equal(30_000, filter.Count);
    }

    [Fact]
    public void Packs_hold_4096_identities_at_most_and_none_twice()
    {
        var (filter, log) = (new SeenFilter("seen"), new Changelog());
        for (var i = 0; i < 20_000; i++)
        {
            Assert.False(filter.Contains(Identity(i), 0, out var place));
            filter.Add(Identity(i), Bench.Noon + i % 5, place);
            if (i % 3000 == 0) filter.Flush(log);
        }
        filter.Flush(log);
        Assert.Equal(20_000 * 20, log.Records.Values.Sum(v => v.Length));
        Assert.All(log.Records.Values, v => Assert.InRange(v.Length, 20, 4096 * 20));
    }

    [Fact]
    public void The_oldest_go_when_there_are_too_many_and_it_is_known_since_when_all_are_there()
    {
        var (filter, log) = (new SeenFilter("seen"), new Changelog());
        for (var i = 0; i < 10_000; i++)
        {
            Assert.False(filter.Contains(Identity(i), filter.Since, out var place));
            filter.Add(Identity(i), Bench.Noon + i * Minute, place);
            if (i % 100 == 0) filter.Trim(Bench.Noon + i * Minute - Hour, 1000);
            if (i % 700 == 0) filter.Flush(log);
        }
        filter.Flush(log);
        foreach (var one in (SeenFilter[])[filter, log.Restored()])
        {
            Assert.InRange(one.Count, 991, 1100);
            Assert.Equal(filter.Since, one.Since);
            for (var i = 0; i < 10_000; i++)
            {
                var at = Bench.Noon + i * Minute;
                if (at >= one.Since || i < 5000) Assert.Equal(at >= one.Since, one.Contains(Identity(i), one.Since, out _));
            }
        }
        // A burst younger than an hour stays, however many they are.
        filter.Trim(Bench.Noon, 0);
        Assert.InRange(filter.Count, 991, 1100);
    }

    [Fact]
    public void Few_identities_over_many_weeks_take_little_memory()
    {
        var filter = new SeenFilter("seen");
        for (var i = 0; i < 45 * 24 * 6; i++)
        {
            Assert.False(filter.Contains(Identity(i), 0, out var place));
            filter.Add(Identity(i), Bench.Noon + i * 10 * Minute, place);
        }
        Assert.InRange(filter.Bytes, 0, 16 << 20);
    }

    static (ulong Low, ulong High) Identity(int id) => SipHash128.Hash(BitConverter.GetBytes(id), 1, 2);

    sealed class Changelog : IChangelog
    {
        public Dictionary<string, byte[]> Records { get; } = [];

        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Records[Convert.ToHexString(key)] = value.ToArray();

        public void Delete(ReadOnlySpan<byte> key) => Assert.True(Records.Remove(Convert.ToHexString(key)), "only what is there is deleted");

        public SeenFilter Restored()
        {
            var filter = new SeenFilter("seen");
            foreach (var (key, value) in Records) filter.Restore(Convert.FromHexString(key), value, false);
            return filter;
        }
    }
}
