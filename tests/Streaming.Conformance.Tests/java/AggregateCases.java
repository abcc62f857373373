import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;

/** Aggregates of streams without windows. */
final class AggregateCases {
    static void add(final Map<String, Consumer<StreamsBuilder>> cases) {
        cases.put("count", b -> Fn.out(texts(byKey(b).count(Fn.counts()))));
        cases.put("count-groupBy", b -> Fn.out(texts(byLetter(b).count(Fn.counts()))));
        cases.put("reduce", b -> Fn.out(byKey(b).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put("reduce-groupBy", b -> Fn.out(byLetter(b).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put("aggregate", b -> Fn.out(byKey(b).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), Fn.kept("aggregated"))));
        cases.put("aggregate-groupBy", b -> Fn.out(byLetter(b).aggregate(() -> "", (k, v, a) -> Fn.append(a, k + v), Fn.kept("aggregated"))));
        cases.put("aggregate-twice", b -> {
            final KGroupedStream<String, String> grouped = byKey(b);
            Fn.out(grouped.reduce(Fn::append, Fn.kept("reduced")));
            texts(grouped.count(Fn.counts())).toStream().to("counts", Produced.with(Fn.S, Fn.S));
        });
        cases.put("count-map-count", b -> Fn.out(texts(byLetter(b).count(Fn.counts()).toStream().map((k, v) -> org.apache.kafka.streams.KeyValue.pair("n" + v, k))
            .groupByKey(Grouped.with("second", Fn.S, Fn.S)).count(Materialized.as("second-counts")))));
        cases.put("count-merged", b -> Fn.out(texts(Fn.stream(b, "a").selectKey((k, v) -> Fn.letter(v)).merge(Fn.stream(b, "b")).groupByKey(Grouped.with("merged", Fn.S, Fn.S)).count(Fn.counts()))));
        cases.put("named", b -> b.stream("a", Consumed.with(Fn.S, Fn.S).withName("records")).filter((k, v) -> Fn.odd(v), Named.as("odd")).mapValues(v -> v + "!", Named.as("loud"))
            .selectKey((k, v) -> v.substring(0, 1), Named.as("keyed")).groupByKey(Grouped.with("grouped", Fn.S, Fn.S))
            .count(Named.as("counting"), Fn.counts()).mapValues(v -> Long.toString(v), Named.as("texts")).toStream(Named.as("changes")).to("out", Produced.with(Fn.S, Fn.S).withName("results")));
    }

    static KGroupedStream<String, String> byKey(final StreamsBuilder b) {
        return Fn.stream(b, "a").groupByKey(Grouped.with(Fn.S, Fn.S));
    }

    static KGroupedStream<String, String> byLetter(final StreamsBuilder b) {
        return Fn.stream(b, "a").groupBy((k, v) -> Fn.letter(v), Grouped.with("letter", Fn.S, Fn.S));
    }

    static KTable<String, String> texts(final KTable<String, Long> counts) {
        return counts.mapValues(v -> v == null ? null : Long.toString(v));
    }

    private AggregateCases() { }
}
