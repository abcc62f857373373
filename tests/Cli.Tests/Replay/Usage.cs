using System.Globalization;
using Streams.Schemas;

namespace Streams.Cli.Tests.Replay;

/// <summary>The events of <see cref="Pipeline"/>.</summary>
static class Usage
{
    /// <summary>January, and February until the prices change.</summary>
    public static IEnumerable<UsageEvent> FirstHalf =>
    [
        .. Month(1, "acme"), .. Month(1, "zeta"),
        Event("acme-1-3", "acme", "api", "2026-01-08T12:00:00Z", "103"), // again
        Correction("fix-1", "acme-1-4", "acme", "2026-01-09T12:00:00Z", "104", null),
        Correction("fix-2", "acme-1-5", "acme", "2026-01-10T12:00:00Z", "105", "50"),
        Event("nobody-1", "acme", "no.meter", "2026-01-28T12:00:00Z", "1"),
        .. Clock("2026-02-05T00:00:00Z"), // January closes
        Event("acme-late", "acme", "api", "2026-01-20T12:00:00Z", "1000"),
        Correction("fix-3", "zeta-1-2", "zeta", "2026-01-07T12:00:00Z", "102", null),
        .. Clock("2026-02-10T00:00:00Z"),
    ];

    /// <summary>The rest of February, and March.</summary>
    public static IEnumerable<UsageEvent> SecondHalf => [.. Month(2, "acme"), .. Month(2, "zeta"), .. Clock("2026-03-10T00:00:00Z"), .. Month(3, "acme"), .. Clock("2026-04-05T00:00:00Z")];

    public static UsageEvent Event(string id, string customer, string meter, string time, string quantity, params (string Name, string Value)[] dimensions) => new()
    {
        Id = id, Source = "shop/eu", CustomerId = customer, Meter = meter, OccurredAt = Timestamp.From(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture)), Quantity = ExactDecimal.Parse(quantity),
        Dimensions = dimensions.ToDictionary(d => d.Name, d => d.Value, StringComparer.Ordinal),
    };

    /// <summary>Ten events from the 15th on in later months, from the 6th on in January, and two of the peak.</summary>
    static IEnumerable<UsageEvent> Month(int month, string customer)
    {
        var first = month == 1 ? 5 : 14;
        for (var i = 1; i <= 10; i++) yield return Event($"{customer}-{month}-{i}", customer, "api", $"2026-0{month}-{first + i:00}T12:00:00Z", $"{100 + i}", ("region", i % 2 == 0 ? "eu" : "us"));
        yield return Event($"{customer}-{month}-p1", customer, "peak", $"2026-0{month}-26T12:00:00Z", "7");
        yield return Event($"{customer}-{month}-p2", customer, "peak", $"2026-0{month}-27T12:00:00Z", "4");
    }

    static UsageEvent Correction(string id, string of, string customer, string time, string quantity, string? instead)
    {
        var region = int.Parse(of[(of.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture) % 2 == 0 ? "eu" : "us";
        return Event(id, customer, "api", time, instead ?? quantity, ("correction", instead is null ? "cancel" : "replace"), ("correction.of", of), ("correction.at", time), ("correction.quantity", quantity),
            ("correction.dimension.region", region), ("region", region));
    }

    /// <summary>Time goes on in both partitions.</summary>
    static IEnumerable<UsageEvent> Clock(string time) => [Event("clock", "acme", "flush", time, "0"), Event("clock", "zeta", "flush", time, "0")];
}
