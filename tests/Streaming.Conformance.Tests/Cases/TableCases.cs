using System.Globalization;
using Streams.Streaming.Dsl;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>java/TableCases.java.</summary>
static class TableCases
{
    public static IEnumerable<Case> All() =>
    [
        Of("table", b => b.Table("a", Dsl.S, Dsl.S).Out()),
        Of("table-materialized", b => b.Kept("a").Out()),
        Of("table-filter", b => b.Kept("a").Filter((k, v) => Fn.Odd(v)).Out()),
        Of("table-filter-materialized", b => b.Kept("a").Filter((k, v) => Fn.Odd(v), Dsl.Kept("store")).Out()),
        Of("table-filterNot", b => b.Kept("a").FilterNot((k, v) => Fn.Odd(v)).Out()),
        Of("table-mapValues", b => b.Kept("a").MapValues(v => Fn.Letter(v)!).Out()),
        Of("table-mapValues-materialized", b => b.Kept("a").MapValues((k, v) => k + v, Dsl.Kept("store")).Out()),
        Of("table-filter-mapValues", b => b.Kept("a").Filter((k, v) => Fn.Odd(v)).MapValues(v => v + "!").Filter((k, v) => Fn.Number(v.Replace("!", "", StringComparison.Ordinal)) > 4).Out()),
        Of("table-toStream-toTable", b => b.Kept("a").ToStream().ToTable(Dsl.Kept("store")).Out()),
        Of("table-toStream-key", b => b.Kept("a").ToStream((k, v) => k + Fn.Text(v)).Out()),
        Of("table-groupBy-count", b => Grouped(b.Kept("a")).Count(Dsl.Counts()).Texts().Out()),
        Of("table-groupBy-reduce", b => Grouped(b.Kept("a")).Reduce((a, v) => a + "+" + v, (a, v) => a + "-" + v, Dsl.Kept("reduced")).Out()),
        Of("table-groupBy-aggregate", b => Grouped(b.Kept("a")).Aggregate(() => "", (k, v, a) => a + "+" + v, (k, v, a) => a + "-" + v, Dsl.Kept("aggregated")).Out()),
        Of("table-groupBy-aggregate-null", b => Grouped(b.Kept("a")).Aggregate(() => "0", (k, v, a) => Sum(a, Fn.Number(v)), (k, v, a) => Sum(a, -Fn.Number(v)), Dsl.Kept("aggregated")).Out()),
        Of("table-filter-groupBy-count", b => Grouped(b.Kept("a").Filter((k, v) => Fn.Odd(v))).Count(Dsl.Counts()).Texts().Out()),
    ];

    /// <summary>Grouped by the value's letter; no letter, no group.</summary>
    public static IKGroupedTable<string, string> Grouped(IKTable<string, string> table) =>
        table.GroupBy((k, v) => KeyValuePair.Create(Fn.Letter(v)!, v), Dsl.S, Dsl.S, "letter");

    /// <summary>The sum; none, and so no aggregate, where it comes to 0.</summary>
    private static string Sum(string aggregate, int value)
    {
        var sum = int.Parse(aggregate, CultureInfo.InvariantCulture) + value;
        return sum == 0 ? null! : sum.ToString(CultureInfo.InvariantCulture);
    }

    private static Case Of(string name, Action<StreamBuilder> build) => new(name, Shape.Table, Dsl.Build(build));
}
