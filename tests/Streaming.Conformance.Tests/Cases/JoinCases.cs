using Streams.Streaming.Dsl;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>java/JoinCases.java.</summary>
static class JoinCases
{
    private static readonly Shape Streams = new(["a", "b"], 8, 0);
    private static readonly Shape StreamAndTable = new(["a", "b"], 15, 0);
    private static readonly Shape StreamAndGlobal = new(["a", "g"], 15, 0);
    private static readonly Shape Tables = new(["a", "b"], 20, 6);
    private static readonly JoinWindowOptions Near = Within(8, 5);

    public static IEnumerable<Case> All() =>
    [
        .. StreamStream("grace0", Within(8, 0)),
        .. StreamStream("grace15", Within(8, 15)),
        .. StreamStream("after", Within(8, 5).Before(Ms(0))),
        .. StreamStream("before", Within(8, 5).After(Ms(0))),
        .. StreamStream("uneven", Within(3, 10).After(Ms(9))),
        .. StreamStream("past", Within(9, 10).After(Ms(-3))),
        .. StreamStream("equal", Within(0, 5)),
        Of("join-stream-repartitioned", Streams, b => b.In("a").SelectKey((k, v) => Fn.Letter(v)!).Join(b.In("b"), Fn.Join, Near, Joined()).Out()),
        Of("join-stream-outer-repartitioned", Streams, b => b.In("a").SelectKey((k, v) => Fn.Letter(v)!).OuterJoin(b.In("b").SelectKey((k, v) => Fn.Letter(v)!), Fn.Join, Near, Joined()).Out()),
        Of("join-stream-chained", new(["a", "b", "c"], 8, 0), b => b.In("a").LeftJoin(b.In("b"), Fn.Join, Near, Joined()).OuterJoin(b.In("c"), Fn.Join, Near, Joined("second")).Out()),
        Of("join-stream-self", Shape.Stream, b =>
        {
            var stream = b.In("a");
            stream.Join(stream, Fn.Join, Near, Joined()).Out();
        }),
        Of("join-table-inner", StreamAndTable, b => b.In("a").Join(b.Kept("b"), Fn.Join).Out()),
        Of("join-table-left", StreamAndTable, b => b.In("a").LeftJoin(b.Kept("b"), Fn.Join).Out()),
        Of("join-table-repartitioned", StreamAndTable, b => b.In("a").SelectKey((k, v) => Fn.Letter(v)!).LeftJoin(b.Kept("b"), Fn.Join, new("joined")).Out()),
        Of("join-table-filtered", StreamAndTable, b => b.In("a").LeftJoin(b.Kept("b").Filter((k, v) => Fn.Odd(v)), Fn.Join).Out()),
        Of("join-table-own-count", Shape.Stream, b =>
        {
            var stream = b.In("a");
            var counts = stream.GroupByKey(Grouped<string, string>.With(Dsl.S, Dsl.S)).Count(Dsl.Counts()).Texts();
            stream.LeftJoin(counts, Fn.Join).Out();
        }),
        Of("join-global-inner", StreamAndGlobal, b => b.In("a").Join(b.GlobalTable("g", Dsl.S, Dsl.S, Dsl.Kept("g-table")), (k, v) => Fn.Letter(v)!, Fn.Join).Out()),
        Of("join-global-left", StreamAndGlobal, b => b.In("a").LeftJoin(b.GlobalTable("g", Dsl.S, Dsl.S, Dsl.Kept("g-table")), (k, v) => Fn.Letter(v)!, Fn.Join).Out()),
        Of("join-tables-aggregates", Streams, b => b.ByKey().Reduce(Dsl.Append, Dsl.Kept("reduced"))
            .OuterJoin(b.In("b").GroupByKey(Grouped<string, string>.With(Dsl.S, Dsl.S)).Count(Dsl.Counts()).Texts(), Fn.Join).Out()),
        Of("join-tables-inner", Tables, b => b.Kept("a").Join(b.Kept("b"), Fn.Join).Out()),
        Of("join-tables-left", Tables, b => b.Kept("a").LeftJoin(b.Kept("b"), Fn.Join).Out()),
        Of("join-tables-outer", Tables, b => b.Kept("a").OuterJoin(b.Kept("b"), Fn.Join).Out()),
        Of("join-tables-inner-materialized", Tables, b => b.Kept("a").Join(b.Kept("b"), Fn.Join, Dsl.Kept("store")).Out()),
        Of("join-tables-outer-materialized", Tables, b => b.Kept("a").OuterJoin(b.Kept("b"), Fn.Join, Dsl.Kept("store")).Out()),
        Of("join-tables-chained", new(["a", "b", "c"], 20, 6), b => b.Kept("a").Join(b.Kept("b"), Fn.Join).LeftJoin(b.Kept("c"), Fn.Join).Out()),
        Of("join-tables-filtered", Tables, b => b.Kept("a").Filter((k, v) => Fn.Odd(v)).OuterJoin(b.Kept("b").MapValues(v => v + "!"), Fn.Join).Out()),
        Of("join-tables-self", Shape.Table, b =>
        {
            var table = b.Kept("a");
            table.LeftJoin(table.Filter((k, v) => Fn.Odd(v)), Fn.Join).Out();
        }),
        Of("join-foreign-inner", Tables, b => b.Kept("a").Join(b.Kept("b"), Fn.Letter, Fn.Join, Foreign()).Out()),
        Of("join-foreign-left", Tables, b => b.Kept("a").LeftJoin(b.Kept("b"), Fn.Letter, Fn.Join, Foreign()).Out()),
        Of("join-foreign-groupBy", Tables, b => b.Kept("a").LeftJoin(b.Kept("b"), Fn.Letter, Fn.Join, Foreign())
            .GroupBy((k, v) => KeyValuePair.Create(v[..1], v), Dsl.S, Dsl.S, "joined").Count(Dsl.Counts()).Texts().Out()),
    ];

    private static IEnumerable<Case> StreamStream(string name, JoinWindowOptions windows) =>
    [
        Of("join-stream-inner-" + name, Streams, b => b.In("a").Join(b.In("b"), Fn.Join, windows, Joined()).Out()),
        Of("join-stream-left-" + name, Streams, b => b.In("a").LeftJoin(b.In("b"), Fn.Join, windows, Joined()).Out()),
        Of("join-stream-outer-" + name, Streams, b => b.In("a").OuterJoin(b.In("b"), Fn.Join, windows, Joined()).Out()),
    ];

    private static StreamJoinProps<string, string, string> Joined(string name = "joined") => new(name, Dsl.S, Dsl.S, Dsl.S);

    private static ForeignKeyJoinProps<string> Foreign() => new("foreign", Dsl.S);

    private static JoinWindowOptions Within(int difference, int grace) => JoinWindowOptions.OfTimeDifferenceAndGrace(Ms(difference), Ms(grace));

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);

    private static Case Of(string name, Shape shape, Action<StreamBuilder> build) => new(name, shape, Dsl.Build(build));
}
