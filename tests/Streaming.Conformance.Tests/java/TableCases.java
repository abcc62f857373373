import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;

final class TableCases {
    static void add(final Map<String, Consumer<StreamsBuilder>> cases) {
        cases.put("table", b -> Fn.out(b.table("a", Consumed.with(Fn.S, Fn.S))));
        cases.put("table-materialized", b -> Fn.out(Fn.table(b, "a")));
        cases.put("table-filter", b -> Fn.out(Fn.table(b, "a").filter((k, v) -> Fn.odd(v))));
        cases.put("table-filter-materialized", b -> Fn.out(Fn.table(b, "a").filter((k, v) -> Fn.odd(v), Fn.kept("store"))));
        cases.put("table-filterNot", b -> Fn.out(Fn.table(b, "a").filterNot((k, v) -> Fn.odd(v))));
        cases.put("table-mapValues", b -> Fn.out(Fn.table(b, "a").mapValues(v -> Fn.letter(v))));
        cases.put("table-mapValues-materialized", b -> Fn.out(Fn.table(b, "a").mapValues((k, v) -> v == null ? null : k + v, Fn.kept("store"))));
        cases.put("table-filter-mapValues", b -> Fn.out(Fn.table(b, "a").filter((k, v) -> Fn.odd(v)).mapValues(v -> v + "!").filter((k, v) -> Fn.number(v.replace("!", "")) > 4)));
        cases.put("table-toStream-toTable", b -> Fn.out(Fn.table(b, "a").toStream().toTable(Fn.kept("store"))));
        cases.put("table-toStream-key", b -> Fn.out(Fn.table(b, "a").toStream((k, v) -> k + Fn.text(v))));
        cases.put("table-groupBy-count", b -> Fn.out(AggregateCases.texts(grouped(Fn.table(b, "a")).count(Fn.counts()))));
        cases.put("table-groupBy-reduce", b -> Fn.out(grouped(Fn.table(b, "a")).reduce((a, v) -> a + "+" + v, (a, v) -> a + "-" + v, Fn.kept("reduced"))));
        cases.put("table-groupBy-aggregate", b -> Fn.out(grouped(Fn.table(b, "a")).aggregate(() -> "", (k, v, a) -> a + "+" + v, (k, v, a) -> a + "-" + v, Fn.kept("aggregated"))));
        cases.put("table-groupBy-aggregate-null", b -> Fn.out(grouped(Fn.table(b, "a")).aggregate(() -> "0", (k, v, a) -> sum(a, Fn.number(v)), (k, v, a) -> sum(a, -Fn.number(v)), Fn.kept("aggregated"))));
        cases.put("table-filter-groupBy-count", b -> Fn.out(AggregateCases.texts(grouped(Fn.table(b, "a").filter((k, v) -> Fn.odd(v))).count(Fn.counts()))));
        cases.put("table-count-groupBy", b -> Fn.out(AggregateCases.byKey(b).count(Fn.counts()).groupBy((k, v) -> KeyValue.pair("n" + v, k), Grouped.with("by-count", Fn.S, Fn.S)).aggregate(() -> "", (k, v, a) -> a + "+" + v, (k, v, a) -> a + "-" + v, Fn.kept("aggregated"))));
    }

    /** Grouped by the value's letter; no letter, no group. */
    static KGroupedTable<String, String> grouped(final KTable<String, String> table) {
        return table.groupBy((k, v) -> KeyValue.pair(Fn.letter(v), v), Grouped.with("letter", Fn.S, Fn.S));
    }

    /** The sum; none, and so no aggregate, where it comes to 0. */
    private static String sum(final String aggregate, final int value) {
        final int sum = Integer.parseInt(aggregate) + value;
        return sum == 0 ? null : Integer.toString(sum);
    }

    private TableCases() { }
}
