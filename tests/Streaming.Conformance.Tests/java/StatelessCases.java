import java.time.Duration;
import java.util.*;
import java.util.function.Consumer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.RecordContext;
import org.apache.kafka.streams.processor.TopicNameExtractor;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;

final class StatelessCases {
    static void add(final Map<String, Consumer<StreamsBuilder>> cases) {
        cases.put("map", b -> Fn.out(Fn.stream(b, "a").map((k, v) -> KeyValue.pair(Fn.text(v), Fn.text(k)))));
        cases.put("mapValues", b -> Fn.out(Fn.stream(b, "a").mapValues(v -> Fn.text(v) + "!")));
        cases.put("mapValues-key", b -> Fn.out(Fn.stream(b, "a").mapValues((k, v) -> Fn.text(k) + "=" + Fn.text(v))));
        cases.put("flatMap", b -> Fn.out(Fn.stream(b, "a").flatMap((k, v) -> {
            final List<KeyValue<String, String>> results = new ArrayList<>();
            for (int i = 0; i < Fn.number(v) % 4; i++) results.add(KeyValue.pair(Fn.text(k) + i, v));
            return results;
        })));
        cases.put("flatMapValues", b -> Fn.out(Fn.stream(b, "a").flatMapValues(v -> v == null ? List.of() : List.of(v.substring(0, 1), v.substring(2)))));
        cases.put("filter", b -> Fn.out(Fn.stream(b, "a").filter((k, v) -> Fn.odd(v))));
        cases.put("filterNot", b -> Fn.out(Fn.stream(b, "a").filterNot((k, v) -> Fn.odd(v))));
        cases.put("selectKey", b -> Fn.out(Fn.stream(b, "a").selectKey((k, v) -> Fn.letter(v))));
        cases.put("split", b -> {
            final Map<String, KStream<String, String>> branches = Fn.stream(b, "a").split(Named.as("by-"))
                .branch((k, v) -> v == null, Branched.as("none"))
                .branch((k, v) -> Fn.odd(v), Branched.as("odd"))
                .defaultBranch(Branched.as("even"));
            branches.get("by-none").to("out-none", Produced.with(Fn.S, Fn.S));
            branches.get("by-odd").to("out-odd", Produced.with(Fn.S, Fn.S));
            Fn.out(branches.get("by-even"));
        });
        cases.put("split-noDefault", b -> Fn.out(Fn.stream(b, "a").split(Named.as("by-")).branch((k, v) -> Fn.odd(v), Branched.as("odd")).noDefaultBranch().get("by-odd")));
        cases.put("merge", b -> Fn.out(Fn.stream(b, "a").merge(Fn.stream(b, "b").mapValues(v -> Fn.text(v) + "!"))));
        cases.put("peek", b -> Fn.out(Fn.stream(b, "a").peek((k, v) -> { })));
        cases.put("repartition", b -> Fn.out(Fn.stream(b, "a").selectKey((k, v) -> Fn.letter(v)).repartition(Repartitioned.<String, String>as("by-letter").withKeySerde(Fn.S).withValueSerde(Fn.S).withNumberOfPartitions(1))));
        cases.put("to-two", b -> {
            final KStream<String, String> stream = Fn.stream(b, "a");
            Fn.out(stream.filter((k, v) -> Fn.odd(v)));
            stream.to("copy", Produced.with(Fn.S, Fn.S));
        });
        cases.put("to-dynamic", b -> Fn.stream(b, "a").to(new ByNumber(), Produced.with(Fn.S, Fn.S)));
        cases.put("process", b -> Fn.out(Fn.stream(b, "a").process(Twice::new)));
        cases.put("named-some", b -> Fn.out(Fn.stream(b, "a").filter((k, v) -> Fn.odd(v), Named.as("odd")).mapValues(v -> v + "!").selectKey((k, v) -> k, Named.as("same")).filterNot((k, v) -> k == null)));
        cases.put("punctuate", b -> Fn.out(Fn.stream(b, "a").process(Ticks::new)));
        cases.put("extractor", b -> Fn.out(b.stream("a", Consumed.with(Fn.S, Fn.S).withTimestampExtractor((record, partitionTime) -> Fn.odd((String) record.value()) ? partitionTime - 5 : record.timestamp() + 3))));
        cases.put("merge-diamond", b -> {
            final KStream<String, String> stream = Fn.stream(b, "a");
            Fn.out(stream.filter((k, v) -> Fn.odd(v)).merge(stream.mapValues(v -> Fn.text(v) + "!")));
        });
        cases.put("toTable", b -> Fn.out(Fn.stream(b, "a").toTable(Named.as("tabled"), Fn.kept("store"))));
        cases.put("selectKey-toTable", b -> Fn.out(Fn.stream(b, "a").selectKey((k, v) -> Fn.letter(v)).toTable(Named.as("tabled"), Fn.kept("store"))));
    }

    /** Counts records, and tells the count each 10 ms of stream time. */
    private static final class Ticks extends ContextualProcessor<String, String, String, String> {
        private int count;

        @Override
        public void init(final ProcessorContext<String, String> context) {
            super.init(context);
            context.schedule(Duration.ofMillis(10), PunctuationType.STREAM_TIME, time -> context.forward(new Record<>("tick", Integer.toString(count), time)));
        }

        @Override
        public void process(final Record<String, String> record) {
            count++;
            context().forward(record);
        }
    }

    private static final class ByNumber implements TopicNameExtractor<String, String> {
        @Override
        public String extract(final String key, final String value, final RecordContext context) {
            return Fn.odd(value) ? "out-odd" : "out";
        }

        @Override
        public String toString() {
            return "ByNumber";
        }
    }

    /** Forwards a record as it is, and again under another key a millisecond later. */
    private static final class Twice extends ContextualProcessor<String, String, String, String> {
        @Override
        public void process(final Record<String, String> record) {
            context().forward(record);
            context().forward(record.withKey(Fn.text(record.key()) + "'").withTimestamp(record.timestamp() + 1));
        }
    }

    private StatelessCases() { }
}
