using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Testing;
using static Streams.Rating.Tests.Meters.MeterModelTests;

namespace Streams.Rating.Tests.Meters;

public sealed class MeterStateFormatTests
{
    static readonly TimeWindow Hour = new(new(0), new(ZoneClock.HourMicros));

    static MeterState Filled(Random random, MeterDefinition definition)
    {
        var state = new MeterState(UsageMeter.Compile(definition), Hour);
        for (var i = 0UL; i < 40; i++)
        {
            var dimensions = new Dictionary<string, string> { ["user"] = $"u{random.Next(20)}", ["tier"] = $"t{random.Next(3)}" };
            state.Add(new MeterEvent(i, new(random.NextInt64(Hour.Micros)), RandomMeter.Value(random, definition), dimensions));
        }
        return state;
    }

    /// <summary>A damaged state is refused by its own exception or is the state of something, never anything else.</summary>
    [Fact]
    public void Damaged_states_are_refused_cleanly()
    {
        const int Seed = 77;
        var random = new Random(Seed);
        for (var i = 0; i < Tier.Of(2_000, 40_000); i++)
        {
            var definition = RandomMeter.Of(random);
            if (definition is { Aggregation: Aggregation.UniqueCount, KeptEvents: 0 } && random.Next(2) == 0) definition = definition with { HyperLogLogPrecision = 10, MaxValues = 3 };
            var state = Filled(random, definition);
            var bytes = Written(state);
            var damaged = random.Next(3) switch
            {
                0 => bytes[..random.Next(bytes.Length)],
                1 => [.. bytes, (byte)random.Next(256)],
                _ => Flipped(random, bytes),
            };
            try
            {
                MeterState.Read(state.Meter, damaged).Values();
            }
            catch (MeterException)
            {
                // The one answer to a state that is none.
            }
        }
    }

    static byte[] Flipped(Random random, byte[] bytes)
    {
        var copy = bytes.ToArray();
        for (var flips = random.Next(1, 4); flips > 0; flips--) copy[random.Next(copy.Length)] ^= (byte)(1 << random.Next(8));
        return copy;
    }

    [Fact]
    public void A_state_belongs_to_one_edition_of_one_meter_and_one_version_of_the_format()
    {
        var definition = new MeterDefinition { Id = "m", Aggregation = Aggregation.Count };
        var bytes = Written(Filled(new Random(1), definition));
        var other = UsageMeter.Compile(definition with { Where = "quantity > 0" });
        Assert.Equal(MeterCodes.StateOfOtherMeter, Assert.Throws<MeterException>(() => MeterState.Read(other, bytes)).Code);
        bytes[0] += 2;
        Assert.Contains("version 2, 1 is known", Assert.Throws<MeterException>(() => MeterState.Read(UsageMeter.Compile(definition), bytes)).Message);
        Assert.Equal(MeterCodes.StateOfOtherMeter, Assert.Throws<MeterException>(() => new MeterState(other, Hour).Merge(Filled(new Random(1), definition))).Code);
    }

    [Fact]
    public void States_are_small()
    {
        foreach (var aggregation in new[] { Aggregation.Count, Aggregation.Sum, Aggregation.Max, Aggregation.Average, Aggregation.Latest, Aggregation.TimeWeightedDelta })
            Assert.InRange(Written(Filled(new Random(3), new() { Id = "m", Aggregation = aggregation })).Length, 1, 90);
    }

    /// <summary>Whatever was written stays readable: the bytes of a stored state do not change with the code.</summary>
    [Fact]
    public void The_format_is_pinned()
    {
        var state = new MeterState(UsageMeter.Compile(new() { Id = "m", Aggregation = Aggregation.Sum, GroupBy = ["tier"] }), Hour);
        state.Add(new MeterEvent(1, new(5), ExactDecimal.Parse("1.5"), new Dictionary<string, string> { ["tier"] = "a" }));
        state.Add(new MeterEvent(2, new(5), ExactDecimal.Parse("2"), new Dictionary<string, string>()));
        Assert.Equal(Pinned, Convert.ToHexString(Written(state)));
    }

    /// <summary>Version, fingerprint, window; then of each group its key, events and sum.</summary>
    const string Pinned = "02C998F2F609498BBA0080909DE91A04" + "0200" + "02" + "0800943577" + "040261" + "02" + "08002F6859";
}
