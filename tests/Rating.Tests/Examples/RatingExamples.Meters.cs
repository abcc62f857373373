using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Tests.Examples;

/// <summary>Quantities that meters make.</summary>
public sealed partial class RatingExamples
{
    const string Item = "item_id";

    static readonly TimeWindow Month = new(Start, Days(31));

    [SkippableTheory, MemberData(nameof(Of), "aggregate")]
    public void Aggregate(string id)
    {
        var example = Read(id);
        Skip.IfNot(Enum.TryParse<Aggregation>(example.Params.Text("aggregation"), ignoreCase: true, out var aggregation), "an aggregation of another name");
        var meter = Open(new() { Id = "m", Aggregation = aggregation }, Month);
        foreach (var (value, i) in example.Usage.Numbers("values").Select((v, i) => (v, i))) meter.Add(Event(i, Days(i), value));
        example.Equal("quantity", meter.Value().Value!.Value);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "weighted_sum")]
    public void Weighted_sum(string id)
    {
        var example = Read(id);
        var meter = Open(new() { Id = "m", Aggregation = Aggregation.TimeWeightedDelta }, new(example.Params.Time("periodStart"), example.Params.Time("periodEnd")));
        if (example.Usage.Has("initial")) meter.Add(Event(-1, example.Params.Time("periodStart"), example.Usage.Number("initial")));
        foreach (var (change, i) in example.Usage.Objects("events").Select((e, i) => (e, i))) meter.Add(Event(i, change.Time("at"), change.Number("delta")));
        example.Equal("quantity", meter.Value().Value!.Value);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "unique_count")]
    public void Unique_count(string id)
    {
        var example = Read(id);
        example.Equal("quantity", Unique(example.Usage.Texts("values")));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "unique_count_grouped")]
    public void Unique_count_grouped(string id)
    {
        var example = Read(id);
        var meter = Open(new() { Id = "m", Aggregation = Aggregation.UniqueCount, Value = Item, GroupBy = example.Params.Texts("groupBy") }, Month);
        foreach (var (item, i) in example.Usage.Objects("events").Select((e, i) => (e, i))) meter.Add(Event(i, Start, Exact.One, item.Names.ToDictionary(n => n, item.Text)));
        var price = ExampleTerms.Model(example.Params, "per_unit");
        example.Equal("total", Exact.Sum(meter.Values().Select(group => price.Price(group.Value!.Value))));
        example.EverythingRead();
    }

    /// <summary>What was active before the period is there from its beginning.</summary>
    [SkippableTheory, MemberData(nameof(Of), "unique_count_lifecycle")]
    public void Unique_count_lifecycle(string id)
    {
        var example = Read(id);
        var events = example.Usage.Json("events").EnumerateArray().Select(e => (Operation: e[0].GetString()!, Item: e[1].GetString()!)).ToList();
        Skip.IfNot(events.All(e => e.Operation == "add"), "a unique count forgets nothing within its window");
        var before = example.Params.Flag("recurring") ? example.Usage.Texts("activeBeforePeriod") : [];
        example.Equal("quantity", Unique(before.Concat(events.Select(e => e.Item))));
        example.EverythingRead();
    }

    static Exact Unique(IEnumerable<string> items)
    {
        var meter = Open(new() { Id = "m", Aggregation = Aggregation.UniqueCount, Value = Item }, Month);
        foreach (var (item, i) in items.Select((item, i) => (item, i))) meter.Add(Event(i, Start, Exact.One, new() { [Item] = item }));
        return meter.Value().Value!.Value;
    }

    static MeterState Open(MeterDefinition definition, TimeWindow window) => new(UsageMeter.Compile(definition), window);

    static MeterEvent Event(int index, Timestamp at, Exact quantity, Dictionary<string, string>? dimensions = null) =>
        new((UInt128)(index + 2), at, quantity.ToExactDecimal(), dimensions ?? []);
}
