using System.Globalization;
using System.Numerics;
using Streams.Aggregators.Metering;
using Streams.Schemas;
using static Streams.Aggregators.Tests.Metering.Bench;

namespace Streams.Aggregators.Tests.Metering;

/// <summary>Random input through the topology against a plain reading of the rules over the whole list, and through crashes against itself.</summary>
public sealed class OracleTests
{
    const long Second = 1_000_000, Minute = 60 * Second, Hour = 60 * Minute;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Agrees_with_the_oracle(int seed)
    {
        var input = Generate(seed);
        var (rated, duplicates, late) = Oracle(input);
        using var bench = new Bench();
        foreach (var usage in input) bench.Send(usage);
        Assert.Equal(rated, bench.Rated().Select(Text));
        var counts = bench.Commit();
        Assert.Equal((duplicates, late), (counts.Duplicate, counts.Late));
        Assert.True(duplicates > 20 && late > 20 && rated.Count > 200, $"seed {seed} exercises too little");
        Assert.Equal(counts.Records, counts.Accepted + counts.Duplicate + counts.Late + counts.Control);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 7)]
    [InlineData(3, 150)]
    [InlineData(4, 1000)]
    public void Re_rating_gives_the_same_bytes_whatever_the_commits_and_crashes(int seed, int commitEvery)
    {
        var input = Generate(seed);
        var expected = Run(input, int.MaxValue, random: null);
        var actual = Run(input, commitEvery, new Random(seed));
        Assert.Equal(expected.Rated, actual.Rated);
        Assert.Equal(expected.Documents, actual.Documents);
        Assert.NotEmpty(expected.Documents);
    }

    static (List<string> Rated, List<string> Documents) Run(List<UsageEvent> input, int commitEvery, Random? random)
    {
        using var bench = new Bench();
        var (rated, documents) = (new List<string>(), new List<string>());
        void Commit()
        {
            bench.Driver.Commit();
            rated.AddRange(bench.Driver.ReadOutput(Topics.UsageRated).Select(Bytes));
            documents.AddRange(bench.Driver.ReadOutput(Topics.ErpDocuments).Select(Bytes));
        }
        for (var i = 0; i < input.Count; i++)
        {
            bench.Send(input[i]);
            if ((i + 1) % commitEvery == 0) Commit();
            if (random?.Next(200) == 0) bench.Driver.Restart();
        }
        Commit();
        return (rated, documents);
    }

    static string Bytes(Streams.Streaming.TestOutput o) => $"{Convert.ToHexString(o.Key!)} {Convert.ToHexString(o.Value!)} {o.Timestamp}";

    static List<UsageEvent> Generate(int seed)
    {
        var random = new Random(seed);
        var turn = BillingPeriod.End(BillingPeriod.Of(Noon));
        var input = new List<UsageEvent>();
        var now = turn - Hour;
        for (var i = 0; i < 3000; i++)
        {
            now += random.Next(5) * Second + (random.Next(500) == 0 ? 70 * Minute : 0);
            var at = now - random.Next(20) * Second - (random.Next(50) == 0 ? random.Next(4) * Minute : 0);
            var again = i > 100 && random.Next(15) == 0 ? input[i - random.Next(1, 100)] : null;
            input.Add(again is not null
                ? again with { OccurredAt = new(random.Next(2) == 0 ? again.OccurredAt.Micros : at) }
                : Event($"{i}", at, (random.Next(100) / 8m).ToString(CultureInfo.InvariantCulture), $"cust-{random.Next(5)}", random.Next(2) == 0 ? "m" : "n"));
        }
        input.Add(Event("flush", now + 40 * 24 * Hour, "0", "c", "flush"));
        return input;
    }

    sealed record Window(long Start, string Customer, string Meter)
    {
        public List<(int Offset, ExactDecimal Quantity)> Events { get; } = [];
    }

    static (List<string> Rated, int Duplicates, int Late) Oracle(List<UsageEvent> input)
    {
        var accepted = new List<UsageEvent>();
        var windows = new List<Window>();
        var rated = new List<string>();
        var period = new Dictionary<string, BigInteger>();
        var (time, duplicates, late) = (long.MinValue, 0, 0);
        for (var offset = 0; offset < input.Count; offset++)
        {
            var e = input[offset];
            var at = e.OccurredAt.Micros;
            var start = at / Minute * Minute;
            if (e.Meter != "flush")
            {
                if (start + 90 * Second <= time) late++;
                else if (accepted.Any(a => a.Id == e.Id && time - a.OccurredAt.Micros <= Hour)) duplicates++;
                else
                {
                    accepted.Add(e);
                    var window = windows.Find(w => w.Start == start && w.Customer == e.CustomerId && w.Meter == e.Meter);
                    if (window is null) windows.Add(window = new(start, e.CustomerId, e.Meter));
                    window.Events.Add((offset, e.Quantity));
                }
            }
            time = Math.Max(time, at);
            var closed = windows.Where(w => w.Start + 90 * Second <= time).OrderBy(w => w.Start)
                .ThenBy(w => w.Customer, StringComparer.Ordinal).ThenBy(w => w.Meter, StringComparer.Ordinal).ToList();
            foreach (var window in closed) rated.Add(Rate(window, period));
            windows.RemoveAll(closed.Contains);
        }
        return (rated, duplicates, late);
    }

    static string Rate(Window w, Dictionary<string, BigInteger> period)
    {
        var month = DateTime.UnixEpoch.AddTicks(w.Start * 10).ToString("yyyyMM", CultureInfo.InvariantCulture);
        var key = $"{w.Customer}|{w.Meter}|{month}";
        var before = period.GetValueOrDefault(key);
        var sum = w.Events.Aggregate(BigInteger.Zero, (s, e) => s + (BigInteger)e.Quantity.Unscaled);
        period[key] = before + sum;
        var amount = ExactDecimal.DivideHalfEven(Price(w.Meter, before + sum) - Price(w.Meter, before), 1_000_000_000);
        return $"{w.Customer} {w.Meter} {w.Start} {w.Events.Count} {sum} {before + sum} {amount} {w.Events.Min(e => e.Offset)} {w.Events.Max(e => e.Offset)}";
    }

    static BigInteger Price(string meter, BigInteger q) =>
        meter == "n" ? q * 333_333_333 : BigInteger.Min(q, 10_000_000_000) * 1_000_000_000 + BigInteger.Max(q - 10_000_000_000, 0) * 500_000_000;

    static string Text(RatedUsage r) =>
        $"{r.CustomerId} {r.Meter} {r.WindowStart.Micros} {r.Events} {r.Quantity.Unscaled} {r.PeriodQuantity.Unscaled} {r.Amount.Unscaled} {r.FirstOffset} {r.LastOffset}";
}
