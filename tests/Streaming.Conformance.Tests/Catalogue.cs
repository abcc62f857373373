namespace Streams.Streaming.Conformance.Tests;

/// <summary>An operator, or a variant of it, of the name that java/ builds the same topology under.</summary>
sealed record Case(string Name, Shape Shape, Func<Topology>? Build = null)
{
    public override string ToString() => Name;
}

/// <summary>All cases, by name.</summary>
static class Catalogue
{
    public static IReadOnlyDictionary<string, Case> Cases { get; } = StatelessCases.All().Concat(All()).DistinctBy(c => c.Name).ToDictionary(c => c.Name, StringComparer.Ordinal);

    public static TheoryData<string> Names => [.. Cases.Values.Where(c => c.Build is not null).Select(c => c.Name)];

    private static IEnumerable<Case> All()
    {
        foreach (var n in "map named-some mapValues mapValues-key flatMap flatMapValues filter filterNot selectKey split split-noDefault peek repartition to-two to-dynamic process toTable selectKey-toTable count count-groupBy reduce reduce-groupBy aggregate aggregate-groupBy aggregate-twice count-map-count tumbling-groupBy session-groupBy sliding-groupBy tumbling-serdes session-serdes suppress-timeLimit-count suppress-timeLimit-windowed table-count-groupBy join-stream-self punctuate extractor merge-diamond named tumbling-suppress-count join-table-own-count".Split(' ')) yield return new(n, Shape.Stream);
        foreach (var w in "tumbling hopping hopping-uneven sliding session".Split(' ')) foreach (var g in "0 15".Split(' ')) foreach (var v in "count reduce aggregate onClose suppress".Split(' ')) if ((w, v) != ("hopping-uneven", "suppress")) yield return new($"{w}-grace{g}-{v}", Shape.Stream);
        foreach (var n in "table table-materialized table-filter table-filter-materialized table-filterNot table-mapValues table-mapValues-materialized table-filter-mapValues table-toStream-key table-groupBy-count table-groupBy-reduce table-groupBy-aggregate table-groupBy-aggregate-null table-filter-groupBy-count suppress-timeLimit suppress-timeLimit-full table-toStream-toTable suppress-timeLimit-zero suppress-timeLimit-groupBy join-tables-self".Split(' ')) yield return new(n, Shape.Table);
        foreach (var w in "inner left outer".Split(' ')) foreach (var v in "grace0 grace15 after before uneven past equal".Split(' ')) yield return new($"join-stream-{w}-{v}", new(["a", "b"], 8, 0));
        foreach (var n in "merge join-stream-repartitioned count-merged join-tables-aggregates".Split(' ')) yield return new(n, new(["a", "b"], 8, 0));
        yield return new("join-stream-chained", new(["a", "b", "c"], 8, 0));
        foreach (var n in "join-table-inner join-table-left join-table-repartitioned join-table-filtered".Split(' ')) yield return new(n, new(["a", "b"], 15, 0));
        foreach (var n in "join-global-inner join-global-left".Split(' ')) yield return new(n, new(["a", "g"], 15, 0));
        foreach (var n in "join-tables-inner join-tables-left join-tables-outer join-tables-inner-materialized join-tables-outer-materialized join-tables-filtered join-foreign-inner join-foreign-left join-foreign-groupBy".Split(' ')) yield return new(n, new(["a", "b"], 20, 6));
        yield return new("join-tables-chained", new(["a", "b", "c"], 20, 6));
    }
}
