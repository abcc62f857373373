using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.Windows;

/// <summary>What an application with windows gave: each update; each final result by suppression and by emission on close; the records that left by the dead letters and by the late stream.</summary>
internal sealed record WindowRun(IReadOnlyList<string> Updates, IReadOnlyList<string> Suppressed, IReadOnlyList<string> Closed, IReadOnlyList<string> Dropped, IReadOnlyList<string> Late)
{
    private static readonly StringSerDes Text = new();

    public static WindowRun OfTime(Arrivals arrivals, TimeWindowOptions windows, long sizeMs) => Of(arrivals, g => g.WindowedBy(windows), Append, sizeMs);

    public static WindowRun OfSliding(Arrivals arrivals, SlidingWindowOptions windows, long sizeMs) => Of(arrivals, g => g.WindowedBy(windows), Insert, sizeMs);

    public static WindowRun OfSessions(Arrivals arrivals, SessionWindowOptions windows) => Run(
        arrivals,
        grouped =>
        {
            var updates = grouped.WindowedBy(windows).Aggregate(() => "", Insert, Merge, InMemorySessions.As<string, string>("updates").WithValueSerdes(Text), "updates");
            var closed = grouped.WindowedBy(windows).EmitStrategy(EmitStrategy.OnWindowClose).WithLate(late => late.To("late"))
                .Aggregate(() => "", Insert, Merge, InMemorySessions.As<string, string>("closed").WithValueSerdes(Text), "closed");
            return (updates, closed);
        },
        key => (BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(key.Length - 8)), BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(key.Length - 16)), 16));

    public static string Line(string key, long start, long end, string? value, long time) => FormattableString.Invariant($"{key}[{start},{end}]={value ?? "-"}@{time}");

    private static WindowRun Of(Arrivals arrivals, Func<IKGroupedStream<string, string>, ITimeWindowedKStream<string, string>> windowed, Func<string, string, string, string> aggregator, long sizeMs) => Run(
        arrivals,
        grouped =>
        {
            var updates = windowed(grouped).Aggregate(() => "", aggregator, InMemoryWindows.As<string, string>("updates").WithValueSerdes(Text), "updates");
            var closed = windowed(grouped).EmitStrategy(EmitStrategy.OnWindowClose).WithLate(late => late.To("late"))
                .Aggregate(() => "", aggregator, InMemoryWindows.As<string, string>("closed").WithValueSerdes(Text), "closed");
            return (updates, closed);
        },
        key => (BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(key.Length - 8)), BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(key.Length - 8)) + sizeMs, 8));

    private static string Append(string key, string value, string aggregate) => aggregate + (value ?? "_");

    /// <summary>Where records come together in another order than they came in, what they give does not depend on it.</summary>
    private static string Insert(string key, string value, string aggregate) => Sorted(aggregate + (value ?? "_"));

    private static string Merge(string key, string one, string other) => Sorted(one + other);

    private static string Sorted(string letters) => string.Concat(letters.Order());

    private static WindowRun Run(
        Arrivals arrivals,
        Func<IKGroupedStream<string, string>, (IKTable<Windowed<string>, string> Updates, IKTable<Windowed<string>, string> Closed)> describe,
        Func<byte[], (long Start, long End, int Length)> window)
    {
        var builder = new StreamBuilder();
        var (updates, closed) = describe(builder.Stream<string, string>("in").GroupByKey());
        updates.ToStream().To("updates");
        updates.Suppress(Streams.Streaming.Dsl.Suppressed.UntilWindowCloses(BufferConfig.Unbounded()), "suppressed").ToStream().To("suppressed");
        closed.ToStream().To("closed");
        using var driver = new TopologyTestDriver(builder.Build(), 1, "app");
        var input = driver.CreateInputTopic("in", Text, Text);
        for (var i = 0; i < arrivals.Records.Count; i++)
        {
            if (arrivals.Commits.Contains(i))
                driver.Commit();
            if (arrivals.Restarts.Contains(i))
                driver.Restart();
            var (key, value, time) = arrivals.Records[i];
            input.PipeInput(key!, value!, time);
        }
        return new(Lines(driver, "updates", window), Lines(driver, "suppressed", window), Lines(driver, "closed", window), Codes(driver), Records(driver));
    }

    private static List<string> Lines(TopologyTestDriver driver, string topic, Func<byte[], (long Start, long End, int Length)> window) =>
        [.. driver.ReadOutput(topic).Select(o =>
        {
            var (start, end, length) = window(o.Key!);
            return Line(Encoding.UTF8.GetString(o.Key.AsSpan(0, o.Key!.Length - length)), start, end, o.Value is null ? null : Encoding.UTF8.GetString(o.Value), o.Timestamp);
        })];

    /// <summary>Both aggregates drop what has no key or value; late records of the one go to the late stream.</summary>
    private static List<string> Codes(TopologyTestDriver driver) =>
        [.. driver.ReadOutput("app-dead-letters").Select(o => FormattableString.Invariant($"{Encoding.UTF8.GetString(o.Headers!.GetLastBytes("streams.errors.code"))}@{o.Timestamp}"))];

    private static List<string> Records(TopologyTestDriver driver) =>
        [.. driver.ReadOutput("late").Select(o => string.Create(CultureInfo.InvariantCulture, $"{Encoding.UTF8.GetString(o.Key!)}={(o.Value is null ? "-" : Encoding.UTF8.GetString(o.Value))}@{o.Timestamp}"))];
}
