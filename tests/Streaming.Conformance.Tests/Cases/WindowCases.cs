using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>java/WindowCases.java.</summary>
static class WindowCases
{
    public static IEnumerable<Case> All() =>
    [
        .. WithGrace(0),
        .. WithGrace(15),
        Of("tumbling-groupBy", b => b.ByLetter().WindowedBy(Tumbling(5)).Reduce(Dsl.Append, Windows("reduced")).OutWindowed()),
        Of("session-groupBy", b => b.ByLetter().WindowedBy(Session(5)).Reduce(Dsl.Append, Sessions("reduced")).OutWindowed()),
        Of("sliding-groupBy", b => b.ByLetter().WindowedBy(Sliding(5)).Reduce(Fn.Chain, Windows("reduced")).OutWindowed(), SlidingShape(5)),
        Of("tumbling-serdes", b => b.ByKey().WindowedBy(Tumbling(5)).Count(CountedWindows()).ToStream().To("out", new TimeWindowedSerDes<string>(Dsl.S, 20), Dsl.L)),
        Of("session-serdes", b => b.ByKey().WindowedBy(Session(5)).Count(CountedSessions()).ToStream().To("out", new SessionWindowedSerDes<string>(Dsl.S), Dsl.L)),
    ];

    public static TumblingWindowOptions Tumbling(int grace) => TumblingWindowOptions.Of(20).WithGrace(grace);

    public static HoppingWindowOptions Hopping(int advance, int grace) => HoppingWindowOptions.Of(20, advance).WithGrace(grace);

    public static SlidingWindowOptions Sliding(int grace) => SlidingWindowOptions.Of(12).WithGrace(grace);

    public static SessionWindowOptions Session(int grace) => SessionWindowOptions.Of(6).WithGrace(grace);

    public static Materialized<string, string, IWindowStore<string, string>> Windows(string name) =>
        InMemoryWindows.As<string, string>(name).WithKeySerdes(Dsl.S).WithValueSerdes(Dsl.S);

    public static Materialized<string, string, ISessionStore<string, string>> Sessions(string name) =>
        InMemorySessions.As<string, string>(name).WithKeySerdes(Dsl.S).WithValueSerdes(Dsl.S);

    public static Materialized<string, long, IWindowStore<string, long>> CountedWindows() => InMemoryWindows.As<string, long>("counts").WithKeySerdes(Dsl.S).WithValueSerdes(Dsl.L);

    private static Materialized<string, long, ISessionStore<string, long>> CountedSessions() => InMemorySessions.As<string, long>("counts").WithKeySerdes(Dsl.S).WithValueSerdes(Dsl.L);

    /// <summary>
    /// Without records that are late for some of their windows only: Kafka Streams then takes a closed window for the latest one before the record, and does not
    /// make the window that begins after the record before. Deleted windows, which the cases of sliding windows have none of, have the same effect.
    /// </summary>
    public static Shape SlidingShape(int grace, int tick = 1) => Shape.Stream with { Tick = tick, MostLate = grace / tick * tick, TooLate = grace + 12 };

    private static IEnumerable<Case> WithGrace(int grace) =>
    [
        .. Time($"tumbling-grace{grace}", grouped => grouped.WindowedBy(Tumbling(grace))),
        .. Time($"hopping-grace{grace}", grouped => grouped.WindowedBy(Hopping(5, grace))),
        .. Time($"hopping-uneven-grace{grace}", grouped => grouped.WindowedBy(Hopping(7, grace))),
        .. Time($"sliding-grace{grace}", grouped => grouped.WindowedBy(Sliding(grace)), SlidingShape(grace), deletes: false),
        Of($"session-grace{grace}-count", b => b.ByKey().WindowedBy(Session(grace)).Count(CountedSessions()).OutCounts()),
        Of($"session-grace{grace}-reduce", b => b.ByKey().WindowedBy(Session(grace)).Reduce(Dsl.Append, Sessions("reduced")).OutWindowed()),
        Of($"session-grace{grace}-aggregate", b => b.ByKey().WindowedBy(Session(grace)).Aggregate(() => "", Dsl.Append, Merge, Sessions("aggregated")).OutWindowed()),
        // Kafka Streams adds later records to sessions that have closed, if they are still kept, and emits them again.
        Of($"session-grace{grace}-onClose", b => b.ByKey().WindowedBy(Session(grace)).EmitStrategy(EmitStrategy.OnWindowClose)
            .Aggregate(() => "", Dsl.Append, Merge, Sessions("aggregated")).OutWindowed(), Shape.Stream with { MostLate = grace }),
    ];

    private static IEnumerable<Case> Time(string name, Func<IKGroupedStream<string, string>, ITimeWindowedKStream<string, string>> windows, Shape? shape = null, bool deletes = true) =>
    [
        Of(name + "-count", b => windows(b.ByKey()).Count(CountedWindows()).OutCounts(), shape),
        Of(name + "-reduce", b => windows(b.ByKey()).Reduce(deletes ? Dsl.Append : Fn.Chain, Windows("reduced")).OutWindowed(), shape),
        Of(name + "-aggregate", b => windows(b.ByKey()).Aggregate(() => "", deletes ? Dsl.Append : Chain, Windows("aggregated")).OutWindowed(), shape),
        Of(name + "-onClose", b => windows(b.ByKey()).EmitStrategy(EmitStrategy.OnWindowClose).Aggregate(() => "", deletes ? Dsl.Append : Chain, Windows("aggregated")).OutWindowed(), shape),
    ];

    private static string Chain(string key, string value, string aggregate) => Fn.Chain(aggregate, value);

    private static string Merge(string key, string one, string two) => $"({Fn.Text(one)}|{Fn.Text(two)})";

    private static Case Of(string name, Action<StreamBuilder> build, Shape? shape = null) => new(name, shape ?? Shape.Stream, Dsl.Build(build));
}
