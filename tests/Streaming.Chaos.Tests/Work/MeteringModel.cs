using System.Globalization;
using System.Numerics;
using Streams.Schemas;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>The rules of metering, read plainly, for one partition.</summary>
internal sealed class MeteringModel
{
    private const long Second = 1_000_000, Minute = 60 * Second, Grace = 30 * Second, Hour = 60 * Minute;
    private readonly Dictionary<string, long> accepted = [];
    private readonly SortedDictionary<(long Start, string Customer, string Meter), Window> open = new(Order.Instance);
    private readonly Dictionary<(string Customer, string Meter, string Month), BigInteger> quantities = [];
    private readonly SortedDictionary<(string Month, string Customer), (BigInteger Amount, long Events)> bills = new(Comparer<(string, string)>.Create((a, b) =>
        string.CompareOrdinal(a.Item1, b.Item1) is not 0 and var byMonth ? byMonth : string.CompareOrdinal(a.Item2, b.Item2)));
    private long time = long.MinValue;

    public List<string> Rated { get; } = [];

    /// <summary>Offsets of late events.</summary>
    public List<string> Late { get; } = [];

    /// <summary>One a month and customer.</summary>
    public List<string> Documents() => [.. bills.Select(b => $"{b.Key.Customer} {b.Key.Month} {b.Value.Amount} {b.Value.Events}")];

    public void Take(long offset, UsageEvent usage)
    {
        var at = usage.OccurredAt.Micros;
        if (usage.Meter != "flush") Meter(offset, usage, at);
        time = Math.Max(time, at);
        while (open.Count > 0 && open.First() is var (key, window) && key.Start + Minute + Grace <= time)
        {
            open.Remove(key);
            Rate(key, window);
        }
    }

    private void Meter(long offset, UsageEvent usage, long at)
    {
        var start = at / Minute * Minute;
        if (time != long.MinValue && start + Minute + Grace <= time)
        {
            Late.Add(offset.ToString(CultureInfo.InvariantCulture));
            return;
        }
        if (accepted.TryGetValue(usage.Id, out var before) && time - before <= Hour) return;
        accepted[usage.Id] = at;
        var key = (start, usage.CustomerId, usage.Meter);
        if (!open.TryGetValue(key, out var window)) open[key] = window = new Window(offset);
        window.Events++;
        window.Quantity += (BigInteger)usage.Quantity.Unscaled;
        window.Last = offset;
    }

    private void Rate((long Start, string Customer, string Meter) key, Window window)
    {
        var month = DateTime.UnixEpoch.AddTicks(key.Start * 10).ToString("yyyy-MM", CultureInfo.InvariantCulture);
        var before = quantities.GetValueOrDefault((key.Customer, key.Meter, month));
        var after = quantities[(key.Customer, key.Meter, month)] = before + window.Quantity;
        var amount = ExactDecimal.DivideHalfEven(Price(key.Meter, after) - Price(key.Meter, before), 1_000_000_000);
        var bill = bills.GetValueOrDefault((month, key.Customer));
        bills[(month, key.Customer)] = (bill.Amount + amount, bill.Events + window.Events);
        Rated.Add($"{key.Customer} {key.Meter} {key.Start} {window.Events} {window.Quantity} {after} {amount} {window.First} {window.Last} {(key.Start + Minute) / 1000 - 1}");
    }

    private static BigInteger Price(string meter, BigInteger q) =>
        meter == "n" ? q * 333_333_333 : BigInteger.Min(q, 1_000_000_000_000) * 1_000_000_000 + BigInteger.Max(q - 1_000_000_000_000, 0) * 500_000_000;

    private sealed class Window(long first)
    {
        public long First => first;

        public long Last { get; set; }

        public long Events { get; set; }

        public BigInteger Quantity { get; set; }
    }

    private sealed class Order : IComparer<(long Start, string Customer, string Meter)>
    {
        public static readonly Order Instance = new();

        public int Compare((long Start, string Customer, string Meter) x, (long Start, string Customer, string Meter) y) =>
            x.Start != y.Start ? x.Start.CompareTo(y.Start) : string.CompareOrdinal(x.Customer, y.Customer) is not 0 and var c ? c : string.CompareOrdinal(x.Meter, y.Meter);
    }
}
