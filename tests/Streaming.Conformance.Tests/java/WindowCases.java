import static java.time.Duration.ofMillis;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.SessionStore;
import org.apache.kafka.streams.state.WindowStore;

final class WindowCases {
    static void add(final Map<String, Consumer<StreamsBuilder>> cases) {
        for (final int grace : new int[] {0, 15}) {
            final String end = "-grace" + grace;
            time(cases, "tumbling" + end, TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(grace)));
            time(cases, "hopping" + end, TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(grace)).advanceBy(ofMillis(5)));
            time(cases, "hopping-uneven" + end, TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(grace)).advanceBy(ofMillis(7)));
            sliding(cases, "sliding" + end, SlidingWindows.ofTimeDifferenceAndGrace(ofMillis(12), ofMillis(grace)));
            session(cases, "session" + end, SessionWindows.ofInactivityGapAndGrace(ofMillis(6), ofMillis(grace)));
        }
        cases.put("tumbling-groupBy", b -> Fn.outWindowed(AggregateCases.byLetter(b).windowedBy(TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(5))).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put("session-groupBy", b -> Fn.outWindowed(AggregateCases.byLetter(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ofMillis(6), ofMillis(5))).reduce(Fn::append, kept("reduced", ofMillis(12)))));
        cases.put("sliding-groupBy", b -> Fn.outWindowed(AggregateCases.byLetter(b).windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ofMillis(12), ofMillis(5))).reduce(Fn::chain, longKept("reduced"))));
        cases.put("tumbling-serdes", b -> AggregateCases.byKey(b).windowedBy(TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(5))).count(Fn.counts()).toStream()
            .to("out", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 20), Serdes.Long())));
        cases.put("session-serdes", b -> AggregateCases.byKey(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ofMillis(6), ofMillis(5))).count(Fn.<SessionStore<Bytes, byte[]>>counts().withRetention(ofMillis(12))).toStream()
            .to("out", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long())));
    }

    private static void time(final Map<String, Consumer<StreamsBuilder>> cases, final String name, final TimeWindows windows) {
        cases.put(name + "-count", b -> Fn.outCounts(AggregateCases.byKey(b).windowedBy(windows).count(Fn.counts())));
        cases.put(name + "-reduce", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put(name + "-aggregate", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), Fn.kept("aggregated"))));
        cases.put(name + "-onClose", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).emitStrategy(EmitStrategy.onWindowClose()).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), longKept("aggregated"))));
    }

    /** Nothing is deleted here: what has gone of a key's windows confuses the making of others, see the other side's cases. */
    private static void sliding(final Map<String, Consumer<StreamsBuilder>> cases, final String name, final SlidingWindows windows) {
        cases.put(name + "-count", b -> Fn.outCounts(AggregateCases.byKey(b).windowedBy(windows).count(Fn.<WindowStore<Bytes, byte[]>>counts().withRetention(Duration.ofHours(1)))));
        cases.put(name + "-reduce", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).reduce(Fn::chain, longKept("reduced"))));
        cases.put(name + "-aggregate", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).aggregate(() -> "", (k, v, a) -> Fn.chain(a, v), longKept("aggregated"))));
        cases.put(name + "-onClose", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).emitStrategy(EmitStrategy.onWindowClose()).aggregate(() -> "", (k, v, a) -> Fn.chain(a, v), longKept("aggregated"))));
    }

    private static void session(final Map<String, Consumer<StreamsBuilder>> cases, final String name, final SessionWindows windows) {
        final Duration life = ofMillis(windows.inactivityGap() + windows.gracePeriodMs() + 1);
        cases.put(name + "-count", b -> Fn.outCounts(AggregateCases.byKey(b).windowedBy(windows).count(Fn.<SessionStore<Bytes, byte[]>>counts().withRetention(life))));
        cases.put(name + "-reduce", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).reduce(Fn::append, kept("reduced", life))));
        cases.put(name + "-aggregate", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), WindowCases::merge, kept("aggregated", life))));
        cases.put(name + "-onClose", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).emitStrategy(EmitStrategy.onWindowClose()).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), WindowCases::merge, longKept("aggregated"))));
    }

    /**
     * Kafka Streams' memory stores drop a window when it closes, before it is emitted, and a sliding window before the next one is made of it; those on disk keep
     * it by chance, whole segments at a time.
     */
    static <T extends org.apache.kafka.streams.processor.StateStore> Materialized<String, String, T> longKept(final String name) {
        return kept(name, Duration.ofHours(1));
    }

    /** A session that is kept for exactly as long as it may be joined; one that is kept for longer is joined again after it has closed. */
    static <T extends org.apache.kafka.streams.processor.StateStore> Materialized<String, String, T> kept(final String name, final Duration retention) {
        return Fn.<T>kept(name).withRetention(retention);
    }

    static String merge(final String key, final String one, final String two) {
        return "(" + Fn.text(one) + "|" + Fn.text(two) + ")";
    }

    private WindowCases() { }
}
