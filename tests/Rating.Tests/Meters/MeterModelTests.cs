using System.Buffers;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Rating.Tests.Meters;

/// <summary>
/// Random sequences of adding, removing, replacing, saving, loading and merging over adjacent windows, each split into parts, against a list of all events
/// and a plain reading of what each aggregation means.
/// </summary>
public sealed class MeterModelTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_aggregation_agrees_with_the_list_of_all_events()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var done = new SortedDictionary<Aggregation, int>();
        for (var i = 0; i < Tier.Of(3_000, 10_000); i++)
        {
            var run = new Run(new Random(seed + i));
            try
            {
                run.Go();
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed + i} ({run.Definition}): {e.Message}", e);
            }
            done[run.Definition.Aggregation] = done.GetValueOrDefault(run.Definition.Aggregation) + 1;
        }
        output.WriteLine(string.Join(", ", done));
        Assert.Equal(10, done.Count);
    }

    sealed class Run
    {
        readonly Random _random;
        readonly UsageMeter _meter;
        readonly MeterModel _model;
        readonly TimeWindow[] _windows;
        readonly List<(MeterState State, List<MeterEvent> Events)>[] _parts;
        ulong _lastId;

        public Run(Random random)
        {
            _random = random;
            Definition = RandomMeter.Of(random);
            _meter = UsageMeter.Compile(Definition);
            _model = new(Definition);
            var start = random.NextInt64(1_700_000_000_000_000);
            _windows = new TimeWindow[random.Next(1, 4)];
            for (var i = 0; i < _windows.Length; i++) _windows[i] = new(new(start), new(start += random.NextInt64(1, random.Next(2) == 0 ? 50 : 3_600_000_000_000)));
            _parts = [.. _windows.Select(w => Enumerable.Range(0, random.Next(1, 3)).Select(_ => (new MeterState(_meter, w), new List<MeterEvent>())).ToList())];
        }

        public MeterDefinition Definition { get; }

        bool IsGauge => Definition.Aggregation is Aggregation.TimeWeightedLevel or Aggregation.TimeWeightedDelta;

        bool Removes => IsGauge || Definition.KeptEvents > 0 || Definition.Aggregation is Aggregation.Count or Aggregation.Sum or Aggregation.Average or Aggregation.Percentile
            || (Definition.Aggregation == Aggregation.UniqueCount && Definition.HyperLogLogPrecision is null);

        public void Go()
        {
            for (var steps = _random.Next(60); steps > 0; steps--) Step();
            for (var i = 0; i < _parts.Length; i++)
            {
                foreach (var (state, events) in _parts[i]) Check(state, _windows[i], events, []);
            }
            var windows = _parts.Select(MergedParts).ToList();
            if (IsGauge) CheckCarry(windows);
            CheckMerge(windows);
        }

        void Step()
        {
            var window = _random.Next(_windows.Length);
            var at = _random.Next(_parts[window].Count);
            var (state, events) = _parts[window][at];
            switch (_random.Next(10))
            {
                case < 6:
                    var usage = Event(_windows[window]);
                    Assert.Equal(_model.Matches(usage), state.Add(usage));
                    events.Add(usage);
                    break;
                case 6 when Removes && events.Count > 0:
                    Remove(state, events, _random.Next(events.Count));
                    break;
                case 7 when Removes && events.Count > 0:
                    var old = _random.Next(events.Count);
                    var replacement = Event(_windows[window]);
                    state.Replace(events[old], replacement);
                    events[old] = replacement;
                    break;
                case 8:
                    _parts[window][at] = (Reloaded(state), events);
                    break;
                default:
                    Check(state, _windows[window], events, []);
                    break;
            }
        }

        void Remove(MeterState state, List<MeterEvent> events, int at)
        {
            var byId = Definition.KeptEvents > 0 || Definition.Aggregation == Aggregation.TimeWeightedLevel;
            var removed = byId && _random.Next(2) == 0 ? state.Remove(events[at].Id) : state.Remove(events[at]);
            Assert.Equal(_model.Matches(events[at]), removed);
            events.RemoveAt(at);
        }

        MeterEvent Event(TimeWindow window)
        {
            var dimensions = new Dictionary<string, string>();
            if (_random.Next(5) > 0) dimensions["region"] = $"r{_random.Next(3)}";
            if (_random.Next(5) > 0) dimensions["tier"] = new[] { "free", "pro", "" }[_random.Next(3)];
            dimensions["user"] = $"u{_random.Next(12)}";
            var id = new UInt128((ulong)_random.NextInt64(), ++_lastId);
            // Few instants and few values, so that ties are frequent.
            var micros = window.Start.Micros + (_random.Next(2) == 0 ? _random.NextInt64(Math.Min(window.Micros, 4)) : _random.NextInt64(window.Micros));
            return new(id, new(micros), RandomMeter.Value(_random, Definition), dimensions);
        }

        (MeterState State, List<MeterEvent> Events) MergedParts(List<(MeterState State, List<MeterEvent> Events)> parts)
        {
            var merged = Reloaded(parts[0].State);
            foreach (var (state, _) in parts.Skip(1)) merged.Merge(state);
            return (merged, [.. parts.SelectMany(p => p.Events)]);
        }

        void CheckCarry(List<(MeterState State, List<MeterEvent> Events)> windows)
        {
            for (var i = 1; i < windows.Count; i++)
            {
                windows[i].State.CarryFrom(windows[i - 1].State);
                Check(windows[i].State, _windows[i], windows[i].Events, windows.Take(i).SelectMany(w => w.Events));
            }
        }

        /// <summary>Merges neighbours in a random order until one state is left.</summary>
        void CheckMerge(List<(MeterState State, List<MeterEvent> Events)> windows)
        {
            while (windows.Count > 1)
            {
                var left = _random.Next(windows.Count - 1);
                var (a, b) = _random.Next(2) == 0 ? (left, left + 1) : (left + 1, left);
                var merged = Reloaded(windows[a].State);
                merged.Merge(windows[b].State);
                windows[left] = (merged, [.. windows[left].Events, .. windows[left + 1].Events]);
                windows.RemoveAt(left + 1);
            }
            Check(windows[0].State, new(_windows[0].Start, _windows[^1].End), windows[0].Events, []);
        }

        void Check(MeterState state, TimeWindow window, IEnumerable<MeterEvent> events, IEnumerable<MeterEvent> before)
        {
            var expected = _model.Values(window, events, before).Select(v => $"{v.Group}: {v.Value?.ToString() ?? "none"} of {v.Events}");
            var actual = state.Values().Select(v => $"{v.Group}: {(v.Value is { } value ? Rational.Parse(value.ToString()).ToString() : "none")} of {v.Events}");
            Assert.Equal(expected, actual);
            Assert.Equal(window, state.Window);
            Assert.All(state.Values(), v => Assert.Equal(0, v.ErrorPpm));
        }

        MeterState Reloaded(MeterState state)
        {
            var bytes = Written(state);
            var loaded = MeterState.Read(_meter, bytes);
            Assert.Equal(bytes, Written(loaded));
            return loaded;
        }
    }

    public static byte[] Written(MeterState state)
    {
        var buffer = new ArrayBufferWriter<byte>();
        state.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }
}
