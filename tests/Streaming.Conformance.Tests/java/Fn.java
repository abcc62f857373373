import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.StateStore;

/** What the cases share. The functions are written in C# too, to the letter. */
final class Fn {
    static final Serde<String> S = Serdes.String();

    static KStream<String, String> stream(final StreamsBuilder b, final String topic) {
        return b.stream(topic, Consumed.with(S, S));
    }

    /** A table that is kept in the store "a-table". */
    static KTable<String, String> table(final StreamsBuilder b, final String topic) {
        return b.table(topic, Consumed.with(S, S), kept(topic + "-table"));
    }

    /** A store of texts of that name. */
    static <T extends StateStore> Materialized<String, String, T> kept(final String name) {
        return Materialized.<String, String, T>as(name).withKeySerde(S).withValueSerde(S);
    }

    /** The store "counts". */
    static <T extends StateStore> Materialized<String, Long, T> counts() {
        return Materialized.<String, Long, T>as("counts").withKeySerde(S).withValueSerde(Serdes.Long());
    }

    static void out(final KStream<String, String> stream) {
        stream.to("out", Produced.with(S, S));
    }

    static void out(final KTable<String, String> table) {
        out(table.toStream());
    }

    /** A windowed table's changes, with "key@start/end" as their key. */
    static void outWindowed(final KTable<Windowed<String>, String> table) {
        out(table.toStream((w, v) -> windowed(w)));
    }

    static void outCounts(final KTable<Windowed<String>, Long> table) {
        outWindowed(table.mapValues(v -> Long.toString(v)));
    }

    static String windowed(final Windowed<String> w) {
        return w.key() + "@" + w.window().start() + "/" + w.window().end();
    }

    static String text(final String value) {
        return value == null ? "null" : value;
    }

    /** "a:17" is 17. */
    static int number(final String value) {
        return value == null ? 0 : Integer.parseInt(value.substring(2));
    }

    /** "a:17" is "a"; null where there is no value, and for the letter z. */
    static String letter(final String value) {
        return value == null || value.startsWith("z") ? null : value.substring(0, 1);
    }

    static boolean odd(final String value) {
        return number(value) % 2 != 0;
    }

    static String join(final String left, final String right) {
        return text(left) + "+" + text(right);
    }

    /** Order shows. */
    static String chain(final String aggregate, final String value) {
        return text(aggregate) + "," + text(value);
    }

    /** Order shows; a value of z ends the aggregate. */
    static String append(final String aggregate, final String value) {
        return value != null && value.startsWith("z") ? null : chain(aggregate, value);
    }

    private Fn() { }
}
