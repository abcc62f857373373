using System.Globalization;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>One event as a producer would send it.</summary>
sealed record GeneratedEvent(string Id, string Customer, string Meter, Timestamp Time, ExactDecimal Quantity, string Region);

/// <summary>
/// A month of telemetry of a few hundred customers: event time advances evenly with up to 20 s of disorder, one event in a hundred is sent twice,
/// one in two hundred comes hours late, and a few belong to customers without a contract. The same seed gives the same events.
/// </summary>
sealed class TelemetryGenerator(int seed, int events, int customers)
{
    /// <summary>Every so manieth customer has no contract: its usage is parked.</summary>
    const int WithoutContract = 25;

    static readonly DateTimeOffset MonthStart = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    static readonly TimeSpan Month = TimeSpan.FromDays(31);
    static readonly string[] Regions = ["eu-central", "eu-north", "us-east", "us-west", "ap-south"];

    /// <summary>The first moment after the month: closing the books through it closes every window and period.</summary>
    public static Timestamp MonthEnd => Timestamp.From(MonthStart + Month);

    public static Timestamp MidMonth => Timestamp.From(MonthStart + Month / 2);

    public static readonly string[] Meters = ["api.requests", "compute.seconds", "storage.gbhours", "egress.gb", "messages.sent"];

    /// <summary>The customers that have a contract.</summary>
    public IEnumerable<string> ContractedCustomers => Enumerable.Range(1, customers).Where(number => number % WithoutContract != 0).Select(Customer);

    /// <summary>The events in the order in which they are sent.</summary>
    public IEnumerable<GeneratedEvent> Events()
    {
        var random = new Random(seed);
        for (var i = 0; i < events; i++)
        {
            var usage = Next(random, i);
            yield return usage;
            if (random.Next(100) == 0) yield return usage;
        }
    }

    GeneratedEvent Next(Random random, int index)
    {
        var late = index > 1000 && random.Next(200) == 0;
        var at = MonthStart + Month * ((double)index / events) - TimeSpan.FromMilliseconds(random.Next(20_000)) - (late ? TimeSpan.FromHours(6) : TimeSpan.Zero);
        if (at < MonthStart) at = MonthStart;
        var meter = Meters[random.Next(Meters.Length)];
        // Products of two draws: few customers use most, as in life.
        var customer = Customer(1 + random.Next(customers) * (1 + random.Next(customers)) / customers);
        return new(IdOf(index), customer, meter, Timestamp.From(at), Quantity(random, meter), Regions[random.Next(Regions.Length)]);
    }

    static ExactDecimal Quantity(Random random, string meter) => meter switch
    {
        "api.requests" or "messages.sent" => ExactDecimal.FromInteger(1 + random.Next(400)),
        _ => new ExactDecimal((Int128)random.NextInt64(1, 60 * ExactDecimal.One) / 1000 * 1000),
    };

    string IdOf(int index) => string.Create(CultureInfo.InvariantCulture, $"evt-{seed:x4}-{index:x8}");

    static string Customer(int number) => string.Create(CultureInfo.InvariantCulture, $"cust-{number:D4}");
}
