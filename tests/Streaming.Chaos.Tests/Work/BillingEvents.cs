using System.Globalization;
using Streams.Aggregators.Tests.Billing;
using Streams.Schemas;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>Usage of the <see cref="BillingBook"/> in the order of its arrival: half an hour passes from one moment to the next, and what comes late, twice or corrected comes in between.</summary>
internal sealed class BillingEvents(int seed)
{
    private const long Second = 1_000_000, Minute = 60 * Second, Hour = 60 * Minute, Day = 24 * Hour;
    private const long Step = 30 * Minute;

    /// <summary>Usage ends before this time.</summary>
    public static readonly Timestamp End = Timestamp.From(new(2023, 12, 1, 0, 0, 0, TimeSpan.Zero));

    private static readonly Timestamp Begin = Timestamp.From(new(2019, 1, 2, 0, 0, 0, TimeSpan.Zero));

    private readonly Random random = new(seed);
    private readonly PriorityQueue<UsageEvent, (long At, long Number)> waiting = new();
    private long number;

    public IEnumerable<UsageEvent> All()
    {
        for (var now = Begin.Micros; now < End.Micros; now += Step)
        {
            Happen(now);
            while (waiting.TryPeek(out _, out var due) && due.At <= now) yield return waiting.Dequeue();
        }
    }

    /// <summary>What one customer uses at a time, and when that and what becomes of it arrives.</summary>
    private void Happen(long now)
    {
        var customer = BillingBook.Customers[random.Next(BillingBook.Customers.Length)];
        var (late, up) = (customer.StartsWith("late", StringComparison.Ordinal), customer.StartsWith("up", StringComparison.Ordinal));
        // Thresholds by hand and on the stream are alike where usage is apart and the period before has closed.
        if (up && DateTime.UnixEpoch.AddTicks(now * 10).Day < 3) return;
        for (var more = up ? 1 : random.Next(1, 5); more > 0; more--)
        {
            var at = now - (up ? 0 : random.Next(50) * Second);
            var usage = Event(customer, new(at));
            var arrives = up || random.Next(4) != 0 ? now : now + (late ? random.Next(40 * 48) : random.Next(36)) * Step;
            Wait(arrives, usage);
            if (random.Next(8) == 0) Wait(arrives + random.Next(40) * Step, usage);
            if (!up && usage.Meter == "api" && random.Next(4) == 0) Correct(usage, arrives, late);
        }
    }

    private void Correct(UsageEvent usage, long arrives, bool late)
    {
        // What arrives on time is corrected while its period is open.
        var at = late ? arrives + random.Next(30 * 48) * Step : Math.Max(arrives, Math.Min(arrives + random.Next(12) * Step, usage.OccurredAt.Micros + 20 * Hour));
        var other = random.Next(2) == 0 ? null : usage with { Quantity = Quantity() };
        var correction = Calculation.Correction(usage, usage.Id + "x", other);
        Wait(at, correction);
        if (random.Next(3) == 0) Wait(at + random.Next(20) * Step, correction);
    }

    private void Wait(long at, UsageEvent usage) => waiting.Enqueue(usage, (at, number++));

    private UsageEvent Event(string customer, Timestamp at)
    {
        string[] meters = ["api", "api", "voice", "peak", "hours"];
        var meter = meters[random.Next(meters.Length)];
        return new()
        {
            Id = $"e{number}", Source = "s", CustomerId = customer, Meter = meter, OccurredAt = at, Quantity = Quantity(),
            Dimensions = meter == "hours" ? new Dictionary<string, string> { ["region"] = random.Next(2) == 0 ? "eu" : "us" } : new Dictionary<string, string>(),
        };
    }

    private ExactDecimal Quantity() => ExactDecimal.Parse((random.Next(1600) / 8m).ToString(CultureInfo.InvariantCulture));
}
