import static java.time.Duration.ofMillis;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;

final class JoinCases {
    static void add(final Map<String, Consumer<StreamsBuilder>> cases) {
        streamStream(cases, "grace0", JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(0)));
        streamStream(cases, "grace15", JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(15)));
        streamStream(cases, "after", JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(5)).before(ofMillis(0)));
        streamStream(cases, "before", JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(5)).after(ofMillis(0)));
        streamStream(cases, "uneven", JoinWindows.ofTimeDifferenceAndGrace(ofMillis(3), ofMillis(10)).after(ofMillis(9)));
        streamStream(cases, "past", JoinWindows.ofTimeDifferenceAndGrace(ofMillis(9), ofMillis(10)).after(ofMillis(-3)));
        streamStream(cases, "equal", JoinWindows.ofTimeDifferenceAndGrace(ofMillis(0), ofMillis(5)));
        cases.put("join-stream-repartitioned", b -> Fn.out(Fn.stream(b, "a").selectKey((k, v) -> Fn.letter(v)).join(Fn.stream(b, "b"), Fn::join,
            JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(5)), joined())));
        cases.put("join-stream-outer-repartitioned", b -> Fn.out(Fn.stream(b, "a").selectKey((k, v) -> Fn.letter(v)).outerJoin(Fn.stream(b, "b").selectKey((k, v) -> Fn.letter(v)), Fn::join,
            JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(5)), joined())));
        cases.put("join-stream-chained", b -> Fn.out(Fn.stream(b, "a").leftJoin(Fn.stream(b, "b"), Fn::join, JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(5)), joined())
            .outerJoin(Fn.stream(b, "c"), Fn::join, JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(5)), joined("second"))));
        cases.put("join-stream-self", b -> {
            final KStream<String, String> stream = Fn.stream(b, "a");
            Fn.out(stream.join(stream, Fn::join, JoinWindows.ofTimeDifferenceAndGrace(ofMillis(8), ofMillis(5)), joined()));
        });
        cases.put("join-table-inner", b -> Fn.out(Fn.stream(b, "a").join(Fn.table(b, "b"), Fn::join, Joined.with(Fn.S, Fn.S, Fn.S))));
        cases.put("join-table-left", b -> Fn.out(Fn.stream(b, "a").leftJoin(Fn.table(b, "b"), Fn::join, Joined.with(Fn.S, Fn.S, Fn.S))));
        cases.put("join-table-repartitioned", b -> Fn.out(Fn.stream(b, "a").selectKey((k, v) -> Fn.letter(v)).leftJoin(Fn.table(b, "b"), Fn::join, Joined.with(Fn.S, Fn.S, Fn.S, "joined"))));
        cases.put("join-table-filtered", b -> Fn.out(Fn.stream(b, "a").leftJoin(Fn.table(b, "b").filter((k, v) -> Fn.odd(v)), Fn::join, Joined.with(Fn.S, Fn.S, Fn.S))));
        cases.put("join-table-own-count", b -> {
            final KStream<String, String> stream = Fn.stream(b, "a");
            final KTable<String, String> counts = AggregateCases.texts(stream.groupByKey(Grouped.with(Fn.S, Fn.S)).count(Fn.counts()));
            Fn.out(stream.leftJoin(counts, Fn::join, Joined.with(Fn.S, Fn.S, Fn.S)));
        });
        cases.put("join-global-inner", b -> Fn.out(Fn.stream(b, "a").join(b.globalTable("g", Consumed.with(Fn.S, Fn.S), Fn.kept("g-table")), (k, v) -> Fn.letter(v), Fn::join)));
        cases.put("join-global-left", b -> Fn.out(Fn.stream(b, "a").leftJoin(b.globalTable("g", Consumed.with(Fn.S, Fn.S), Fn.kept("g-table")), (k, v) -> Fn.letter(v), Fn::join)));
        cases.put("join-tables-inner", b -> Fn.out(Fn.table(b, "a").join(Fn.table(b, "b"), Fn::join)));
        cases.put("join-tables-left", b -> Fn.out(Fn.table(b, "a").leftJoin(Fn.table(b, "b"), Fn::join)));
        cases.put("join-tables-outer", b -> Fn.out(Fn.table(b, "a").outerJoin(Fn.table(b, "b"), Fn::join)));
        cases.put("join-tables-inner-materialized", b -> Fn.out(Fn.table(b, "a").join(Fn.table(b, "b"), Fn::join, Fn.kept("store"))));
        cases.put("join-tables-outer-materialized", b -> Fn.out(Fn.table(b, "a").outerJoin(Fn.table(b, "b"), Fn::join, Fn.kept("store"))));
        cases.put("join-tables-chained", b -> Fn.out(Fn.table(b, "a").join(Fn.table(b, "b"), Fn::join).leftJoin(Fn.table(b, "c"), Fn::join)));
        cases.put("join-tables-filtered", b -> Fn.out(Fn.table(b, "a").filter((k, v) -> Fn.odd(v)).outerJoin(Fn.table(b, "b").mapValues(v -> v == null ? null : v + "!"), Fn::join)));
        cases.put("join-tables-self", b -> {
            final KTable<String, String> table = Fn.table(b, "a");
            Fn.out(table.leftJoin(table.filter((k, v) -> Fn.odd(v)), Fn::join));
        });
        cases.put("join-tables-aggregates", b -> Fn.out(AggregateCases.byKey(b).reduce(Fn::append, Fn.kept("reduced"))
            .outerJoin(AggregateCases.texts(Fn.stream(b, "b").groupByKey(Grouped.with(Fn.S, Fn.S)).count(Fn.counts())), Fn::join)));
        cases.put("join-foreign-inner", b -> Fn.out(Fn.table(b, "a").join(Fn.table(b, "b"), Fn::letter, Fn::join, TableJoined.as("foreign"), Materialized.with(Fn.S, Fn.S))));
        cases.put("join-foreign-left", b -> Fn.out(Fn.table(b, "a").leftJoin(Fn.table(b, "b"), Fn::letter, Fn::join, TableJoined.as("foreign"), Materialized.with(Fn.S, Fn.S))));
        cases.put("join-foreign-groupBy", b -> Fn.out(AggregateCases.texts(Fn.table(b, "a").leftJoin(Fn.table(b, "b"), Fn::letter, Fn::join, TableJoined.as("foreign"), Materialized.with(Fn.S, Fn.S))
            .groupBy((k, v) -> org.apache.kafka.streams.KeyValue.pair(v.substring(0, 1), v), Grouped.with("joined", Fn.S, Fn.S)).count(Fn.counts()))));
    }

    private static StreamJoined<String, String, String> joined(final String name) {
        return StreamJoined.with(Fn.S, Fn.S, Fn.S).withName(name).withStoreName(name);
    }

    private static StreamJoined<String, String, String> joined() {
        return joined("joined");
    }

    private static void streamStream(final Map<String, Consumer<StreamsBuilder>> cases, final String name, final JoinWindows windows) {
        cases.put("join-stream-inner-" + name, b -> Fn.out(Fn.stream(b, "a").join(Fn.stream(b, "b"), Fn::join, windows, joined())));
        cases.put("join-stream-left-" + name, b -> Fn.out(Fn.stream(b, "a").leftJoin(Fn.stream(b, "b"), Fn::join, windows, joined())));
        cases.put("join-stream-outer-" + name, b -> Fn.out(Fn.stream(b, "a").outerJoin(Fn.stream(b, "b"), Fn::join, windows, joined())));
    }

    private JoinCases() { }
}
