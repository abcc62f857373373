using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Rating.Contracts;
using static Streams.Rating.Tests.Periods.Times;

namespace Streams.Rating.Tests.Meters;

public sealed class MeterTests
{
    static readonly TimeWindow August = new(T("2023-08-01"), T("2023-09-01"));

    static ulong _lastId;

    static MeterDefinition Meter(Aggregation aggregation, string? value = null) => new() { Id = "m", Aggregation = aggregation, Value = value };

    static MeterState Open(MeterDefinition definition, TimeWindow? window = null) => new(UsageMeter.Compile(definition), window ?? August);

    static MeterEvent Event(string quantity, string at = "2023-08-02", ulong id = 0, params (string Name, string Value)[] dimensions) =>
        new(id > 0 ? id : 1_000_000 + Interlocked.Increment(ref _lastId), T(at), ExactDecimal.Parse(quantity), dimensions.ToDictionary(d => d.Name, d => d.Value));

    static string Code(Action action) => Assert.Throws<MeterException>(action).Code;

    /// <summary>Sums over a month by change of level, as Lago's and Flexprice's documentation and tests work them out (the latter with its divisions put right).</summary>
    [Theory]
    [InlineData("2023-01-01/2023-02-01", "15.1612903226", 10, "2023-01-16=20", "2023-01-17=10")]
    [InlineData("2023-08-01/2023-09-01", "1000", 10, "2023-08-01=1000")]
    [InlineData("2023-08-01/2023-09-01", "0.02218", 5, "2023-08-01=2", "2023-08-01T01:00Z=3", "2023-08-01T01:30Z=1", "2023-08-01T02:00Z=-4", "2023-08-01T04:00Z=-2", "2023-08-01T05:00Z=10", "2023-08-01T05:30Z=-10")]
    [InlineData("2025-07-31T18:30Z/2025-08-31T18:30Z", "19.50604838709677", 14, "2025-08-16=20", "2025-08-18=10", "2025-08-20=10", "2025-08-25=5")]
    public void Time_weighted_sums_of_the_field(string window, string expected, int places, params string[] changes)
    {
        var (start, end) = (T(window.Split('/')[0]), T(window.Split('/')[1]));
        var (byDelta, byLevel) = (Open(Meter(Aggregation.TimeWeightedDelta), new(start, end)), Open(Meter(Aggregation.TimeWeightedLevel), new(start, end)));
        var level = ExactDecimal.Zero;
        foreach (var (at, change) in changes.Select(c => (c.Split('=')[0], c.Split('=')[1])))
        {
            byDelta.Add(Event(change, at));
            byLevel.Add(Event((level += ExactDecimal.Parse(change)).ToString(), at));
        }
        Assert.Equal(expected, byDelta.Value().Value!.Value.Round(places, RoundingMode.HalfUp).ToString());
        Assert.Equal(byDelta.Value().Value, byLevel.Value().Value);
    }

    [Fact]
    public void A_level_is_carried_into_the_next_period_and_carried_anew_after_a_late_event()
    {
        var meter = Meter(Aggregation.TimeWeightedLevel) with { PerMicros = ZoneClock.HourMicros, GroupBy = ["disk"] };
        var (august, september) = (Open(meter), Open(meter, new(T("2023-09-01"), T("2023-09-02"))));
        august.Add(Event("7", "2023-08-31", dimensions: ("disk", "a")));
        september.Add(Event("10", "2023-09-01T12:00Z", dimensions: ("disk", "b")));
        september.CarryFrom(august);
        Assert.Equal(["a: 168 of 0", "b: 120 of 1"], september.Values().Select(v => $"{v.Group}: {v.Value} of {v.Events}"));
        august.Add(Event("1", "2023-08-31T23:59:59Z", dimensions: ("disk", "a")));
        september.CarryFrom(august);
        Assert.Equal(["a: 24", "b: 120"], september.Values().Select(v => $"{v.Group}: {v.Value}"));
        august.Add(Event("0", "2023-08-31T23:59:59.5Z", dimensions: ("disk", "a")));
        september.CarryFrom(august);
        Assert.Equal(["b: 120"], september.Values().Select(v => $"{v.Group}: {v.Value}"));
        Assert.Equal(MeterCodes.WindowsNotAdjacent, Code(() => august.CarryFrom(september)));
    }

    [Fact]
    public void The_latest_of_one_microsecond_is_that_of_the_greatest_identity()
    {
        var state = Open(Meter(Aggregation.Latest));
        state.Add(Event("2", id: 20));
        state.Add(Event("3", id: 10));
        state.Add(Event("9", "2023-08-01", id: 30));
        Assert.Equal("2", state.Value().Value.ToString());
    }

    [Theory]
    [InlineData("95", "19")]
    [InlineData("95.000000001", "20")]
    [InlineData("100", "20")]
    [InlineData("0.000000001", "1")]
    [InlineData("50", "10")]
    public void Percentiles_are_nearest_ranks(string percentile, string expected)
    {
        var state = Open(Meter(Aggregation.Percentile) with { Percentile = ExactDecimal.Parse(percentile) });
        for (var value = 20; value > 0; value--) state.Add(Event($"{value}"));
        Assert.Equal(expected, state.Value().Value.ToString());
    }

    [Theory]
    [InlineData(Aggregation.Count, "0")]
    [InlineData(Aggregation.Sum, "0")]
    [InlineData(Aggregation.UniqueCount, "0")]
    [InlineData(Aggregation.TimeWeightedDelta, "0")]
    [InlineData(Aggregation.TimeWeightedLevel, "0")]
    [InlineData(Aggregation.Max, null)]
    [InlineData(Aggregation.Min, null)]
    [InlineData(Aggregation.Average, null)]
    [InlineData(Aggregation.Latest, null)]
    public void Without_events_there_is_nothing_or_no_figure(Aggregation aggregation, string? expected) =>
        Assert.Equal(expected, Open(Meter(aggregation, aggregation == Aggregation.UniqueCount ? "user" : null)).Value().Value?.ToString());

    [Fact]
    public void Filters_and_conditions_choose_events()
    {
        var state = Open(Meter(Aggregation.Sum) with
        {
            Filters = [new("region", FilterOperator.In, ["eu", "us"]), new("tier", FilterOperator.NotIn, ["free"]), new("test", FilterOperator.Absent, []), new("user", FilterOperator.Present, [])],
            Where = "quantity > 0 and user != 'root'",
        });
        Assert.True(state.Add(Event("1", dimensions: [("region", "eu"), ("user", "a")])));
        Assert.False(state.Add(Event("10", dimensions: [("region", "EU"), ("user", "a")])));
        Assert.False(state.Add(Event("10", dimensions: [("user", "a")])));
        Assert.False(state.Add(Event("10", dimensions: [("region", "us"), ("tier", "free"), ("user", "a")])));
        Assert.False(state.Add(Event("10", dimensions: [("region", "us"), ("test", ""), ("user", "a")])));
        Assert.False(state.Add(Event("10", dimensions: [("region", "us")])));
        Assert.False(state.Add(Event("0", dimensions: [("region", "us"), ("user", "a")])));
        Assert.False(state.Add(Event("10", dimensions: [("region", "us"), ("user", "root")])));
        Assert.True(state.Add(Event("2", dimensions: [("region", "us"), ("tier", "pro"), ("user", "a")])));
        Assert.Equal("3", state.Value().Value.ToString());
    }

    [Fact]
    public void A_missing_dimension_is_a_group_of_its_own_and_no_two_groups_are_taken_for_one()
    {
        var state = Open(Meter(Aggregation.Count) with { GroupBy = ["a", "b"] });
        state.Add(Event("1", dimensions: ("a", "x")));
        state.Add(Event("1", dimensions: [("a", "x"), ("b", "")]));
        state.Add(Event("1", dimensions: [("a", ""), ("b", "x")]));
        state.Add(Event("1", dimensions: [("a", "\u0002"), ("b", "x")]));
        state.Add(Event("1", dimensions: ("b", "x")));
        state.Add(Event("1", dimensions: ("b", "x")));
        Assert.Equal(["(none), x 2", ", x 1", "\u0002, x 1", "x, (none) 1", "x,  1"], state.Values().Select(v => $"{v.Group} {v.Value}"));
    }

    [Fact]
    public void What_meets_a_limit_is_refused_by_its_code_and_changes_nothing()
    {
        Refused(Meter(Aggregation.Count) with { GroupBy = ["user"], MaxGroups = 2 }, MeterCodes.GroupLimit);
        Refused(Meter(Aggregation.UniqueCount, "user") with { MaxValues = 2 }, MeterCodes.UniqueLimit);
        Refused(Meter(Aggregation.Percentile) with { MaxValues = 2, Percentile = ExactDecimal.FromInteger(50) }, MeterCodes.ValueLimit);
        Refused(Meter(Aggregation.TimeWeightedLevel) with { MaxValues = 2 }, MeterCodes.ValueLimit);
        Refused(Meter(Aggregation.Max) with { KeptEvents = 2 }, MeterCodes.EventLimit);
    }

    static void Refused(MeterDefinition definition, string code)
    {
        var state = Open(definition);
        state.Add(Event("1", dimensions: ("user", "a")));
        state.Add(Event("2", dimensions: ("user", "b")));
        var before = MeterModelTests.Written(state);
        var exception = Assert.Throws<MeterException>(() => state.Add(Event("3", dimensions: ("user", "c"))));
        Assert.Equal(code, exception.Code);
        Assert.Contains("2", exception.Message);
        Assert.Equal(before, MeterModelTests.Written(state));
    }

    [Fact]
    public void What_an_event_lacks_is_refused_by_its_code()
    {
        var state = Open(Meter(Aggregation.Sum, "tokens / parts"));
        Assert.Equal(MeterCodes.ValueMissing, Code(() => state.Add(Event("1", dimensions: ("tokens", "1")))));
        Assert.Equal(MeterCodes.ValueNotNumeric, Code(() => state.Add(Event("1", dimensions: [("tokens", "1e3"), ("parts", "1")]))));
        Assert.Equal(MeterCodes.DivisionByZero, Code(() => state.Add(Event("1", dimensions: [("tokens", "1"), ("parts", "0.0")]))));
        Assert.Equal(MeterCodes.ValueNotDecimal, Code(() => state.Add(Event("1", dimensions: [("tokens", "1"), ("parts", "3")]))));
        Assert.Equal(MeterCodes.ValueNotDecimal, Code(() => state.Add(Event("1", dimensions: [("tokens", "99999999999999999999"), ("parts", "1")]))));
        Assert.Equal(MeterCodes.EventOutsideWindow, Code(() => state.Add(Event("1", "2023-09-01", dimensions: [("tokens", "1"), ("parts", "1")]))));
        Assert.Equal(MeterCodes.ValueMissing, Code(() => Open(Meter(Aggregation.UniqueCount, "user")).Add(Event("1"))));
        var text = new string('x', 1025);
        Assert.Equal(MeterCodes.DimensionTooLong, Code(() => Open(Meter(Aggregation.UniqueCount, "user")).Add(Event("1", dimensions: ("user", text)))));
        Assert.Equal(MeterCodes.DimensionTooLong, Code(() => Open(Meter(Aggregation.Count) with { GroupBy = ["user"] }).Add(Event("1", dimensions: ("user", text)))));
        Assert.Equal(0, state.Groups);
    }

    [Fact]
    public void A_removal_that_is_not_possible_is_refused_and_a_failed_replacement_changes_nothing()
    {
        foreach (var aggregation in new[] { Aggregation.Max, Aggregation.Min, Aggregation.Latest })
        {
            var forgetful = Open(Meter(aggregation));
            var only = Event("1");
            forgetful.Add(only);
            Assert.Equal(MeterCodes.RemovalNotPossible, Code(() => forgetful.Remove(only)));
        }
        var state = Open(Meter(Aggregation.Average) with { KeptEvents = 10 });
        var (one, two) = (Event("1"), Event("2"));
        state.Add(one);
        state.Add(two);
        Assert.Equal(MeterCodes.EventTwice, Code(() => state.Add(one)));
        Assert.Equal(MeterCodes.EventUnknown, Code(() => state.Remove(one with { Quantity = two.Quantity })));
        var before = MeterModelTests.Written(state);
        Assert.Equal(MeterCodes.EventOutsideWindow, Code(() => state.Replace(one, one with { Time = August.End })));
        Assert.Equal(before, MeterModelTests.Written(state));
        Assert.False(state.Remove((UInt128)77));
        Assert.True(state.Remove(one.Id));
        Assert.Equal("2", state.Value().Value.ToString());
        Assert.Equal(MeterCodes.EventUnknown, Code(() => Open(Meter(Aggregation.Count)).Remove(one)));
    }

    [Theory]
    [InlineData(Aggregation.Count)]
    [InlineData(Aggregation.Sum)]
    [InlineData(Aggregation.Max)]
    [InlineData(Aggregation.Min)]
    [InlineData(Aggregation.Average)]
    [InlineData(Aggregation.Latest)]
    [InlineData(Aggregation.TimeWeightedDelta)]
    public void Simple_aggregations_allocate_nothing_for_an_event(Aggregation aggregation)
    {
        var state = Open(Meter(aggregation) with { GroupBy = ["region"], Filters = [new("region", FilterOperator.In, ["eu"])], Where = "quantity * 3 > 1 or region = 'us'" });
        var usage = Event("12.5", dimensions: ("region", "eu"));
        for (var i = 0; i < 1000; i++) state.Add(usage);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10_000; i++) state.Add(usage);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Sums_are_exact_beyond_every_size()
    {
        var state = Open(Meter(Aggregation.Sum));
        var (most, average) = ("9999999999999999999.999999999", Open(Meter(Aggregation.Average)));
        for (var i = 0; i < 1000; i++)
        {
            state.Add(Event(most));
            average.Add(Event(most));
        }
        Assert.Equal("9999999999999999999999.999999", state.Value().Value.ToString());
        Assert.Equal(most, average.Value().Value.ToString());
    }

    [Fact]
    public void Everything_wrong_with_a_definition_is_said_at_once()
    {
        var wrong = new MeterDefinition
        {
            Id = "a|b", Aggregation = Aggregation.UniqueCount, Value = "tokens * 2", Where = "quantity +", MaxGroups = 0, GroupBy = ["x", "x"], Percentile = ExactDecimal.Zero,
            PerMicros = 0, HyperLogLogPrecision = 3, KeptEvents = 5, MaxValues = -1, Filters = [new("", FilterOperator.In, []), new("y", FilterOperator.Present, ["z"])],
        };
        var faults = Assert.Throws<ContractFaultException>(() => UsageMeter.Compile(wrong)).Faults;
        Assert.Equal(
            [
                "id ID_CHARACTERS", "value VALUE_INVALID", "where EXPRESSION_INVALID", "filters[0].dimension TEXT_INVALID", "filters[0].values LIST_EMPTY", "filters[1].values VALUE_UNUSED",
                "groupBy DIMENSION_TWICE", "maxGroups VALUE_OUT_OF_RANGE", "percentile VALUE_UNUSED", "percentile VALUE_OUT_OF_RANGE", "per VALUE_UNUSED", "per VALUE_OUT_OF_RANGE",
                "hyperLogLogPrecision VALUE_OUT_OF_RANGE", "keptEvents VALUE_UNUSED", "maxValues VALUE_OUT_OF_RANGE",
            ],
            faults.Select(f => $"{f.Path} {f.Code}"));
        Assert.Contains("position 11: the end stands where a number, a field or '(' is expected", faults[2].Reason);
        Assert.Throws<ContractFaultException>(() => UsageMeter.Compile(Meter(Aggregation.Count, "quantity")));
        Assert.Throws<ContractFaultException>(() => UsageMeter.Compile(Meter(Aggregation.Percentile)));
        Assert.Throws<ContractFaultException>(() => UsageMeter.Compile(Meter(Aggregation.TimeWeightedDelta) with { KeptEvents = 1 }));
    }
}
