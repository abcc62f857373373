using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Tests.Invoicing;

/// <summary>Contracts, usage and documents in few words.</summary>
static class Given
{
    public static Timestamp Day(int year, int month, int day, string zone = "UTC") => ZoneClock.Of(zone).StartOf(new(year, month, day));

    public static Exact Number(string text) => Exact.Parse(text);

    public static Meter Sum(string id, params string[] groupBy) => new("unit", "api", new() { Id = id, Aggregation = Aggregation.Sum, GroupBy = groupBy });

    public static Meter Of(string id, Aggregation aggregation) => new("unit", "api", new() { Id = id, Aggregation = aggregation, Value = aggregation == Aggregation.UniqueCount ? "user" : null });

    public static PriceTier Tier(int? upTo, string unit, string flat = "0") => new(upTo is { } end ? (Exact)end : null, Number(unit), Number(flat));

    public static UsageCharge Graduated(string id, params PriceTier[] tiers) => new(id, "api", "calls", new Graduated(tiers));

    public static UsageCharge PerUnit(string id, string price, string meter = "calls") => new(id, "api", meter, new PerUnit(Number(price)));

    public static RecurringCharge Fee(string id, string amount) => RecurringCharge.Of(id, "base", Number(amount));

    public static ContractVersion From(Timestamp from, Timestamp? to = null, int version = 1, params ChargeDefinition[] charges) => new(version, from, to) { Charges = charges };

    public static Contract Contract(params ContractVersion[] versions) => new("c", "acme", "EUR", "UTC", versions);

    public static Agreement Agree(Contract contract, params Meter[] meters) =>
        new(contract, new Dictionary<string, PriceBook>(), (meters.Length == 0 ? [Sum("calls")] : meters).ToDictionary(m => m.Id), null);

    public static Agreement Agree(ContractVersion version) => Agree(Contract(version));

    /// <summary>A figure of one day.</summary>
    public static UsageFigure Used(Timestamp day, string quantity, string meter = "calls", params string?[] group) => new(meter, new(day, new(day.Micros + ZoneClock.DayMicros)), Number(quantity), group);

    public static PeriodUsage Usage(params UsageFigure[] figures) => new(figures);
}
