using Streams.Streaming.Dsl;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>java/SuppressCases.java.</summary>
static class SuppressCases
{
    public static IEnumerable<Case> All() =>
    [
        .. WithGrace(0),
        .. WithGrace(15),
        Of("tumbling-suppress-count", Shape.Stream, b => UntilClosed(b.ByKey().WindowedBy(WindowCases.Tumbling(5)).Reduce(Dsl.Append, WindowCases.Windows("reduced")))
            .ToStream((w, v) => FormattableString.Invariant($"{w.Window.EndMs}")).GroupByKey(Dsl.Grouped("ends")).Count(Dsl.Counts()).Texts().Out()),
        Of("suppress-timeLimit", Shape.Table, b => b.Kept("a").Suppress(Limit(12)).Out()),
        Of("suppress-timeLimit-full", Shape.Table, b => b.Kept("a").Suppress(Suppressed.UntilTimeLimit(TimeSpan.FromMilliseconds(40), BufferConfig.MaxRecords(2)).WithName("suppressed")).Out()),
        Of("suppress-timeLimit-zero", Shape.Table, b => b.Kept("a").Suppress(Limit(0)).Out()),
        Of("suppress-timeLimit-count", Shape.Stream, b => b.ByKey().Count(Dsl.Counts()).Suppress(Limit(12)).Texts().Out()),
        Of("suppress-timeLimit-windowed", Shape.Stream, b => b.ByKey().WindowedBy(WindowCases.Tumbling(15)).Count(WindowCases.CountedWindows()).Suppress(Limit(12)).OutCounts()),
    ];

    private static IEnumerable<Case> WithGrace(int grace) =>
    [
        Of($"tumbling-grace{grace}-suppress", Shape.Stream, b => UntilClosed(b.ByKey().WindowedBy(WindowCases.Tumbling(grace)).Reduce(Dsl.Append, WindowCases.Windows("reduced"))).OutWindowed()),
        Of($"hopping-grace{grace}-suppress", Shape.Stream, b => UntilClosed(b.ByKey().WindowedBy(WindowCases.Hopping(5, grace)).Reduce(Dsl.Append, WindowCases.Windows("reduced"))).OutWindowed()),
        // Grace (and gap) are odd and times even: at the very end of the grace Kafka Streams lets a window go that it would still add to, for its end belongs to it.
        Of($"sliding-grace{grace}-suppress", WindowCases.SlidingShape(grace == 0 ? 1 : 15, 2), b => UntilClosed(b.ByKey().WindowedBy(SlidingWindowOptions.Of(11).WithGrace(grace == 0 ? 1 : 15))
            .Reduce(Fn.Chain, WindowCases.Windows("reduced"))).OutWindowed()),
        Of($"session-grace{grace}-suppress", Shape.Even, b => UntilClosed(b.ByKey().WindowedBy(SessionWindowOptions.Of(grace == 0 ? 7 : 6).WithGrace(grace)).Reduce(Dsl.Append, WindowCases.Sessions("reduced"))).OutWindowed()),
    ];

    private static IKTable<State.Windowed<string>, string> UntilClosed(IKTable<State.Windowed<string>, string> table) =>
        table.Suppress(Suppressed.UntilWindowCloses(BufferConfig.Unbounded()).WithName("suppressed"));

    private static Suppressed Limit(int milliseconds) => Suppressed.UntilTimeLimit(TimeSpan.FromMilliseconds(milliseconds), BufferConfig.Unbounded()).WithName("suppressed");

    private static Case Of(string name, Shape shape, Action<StreamBuilder> build) => new(name, shape, Dsl.Build(build));
}
