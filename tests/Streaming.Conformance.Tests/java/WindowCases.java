import static java.time.Duration.ofMillis;

import java.time.Duration;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;

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
        cases.put("session-groupBy", b -> Fn.outWindowed(AggregateCases.byLetter(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ofMillis(6), ofMillis(5))).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put("sliding-groupBy", b -> Fn.outWindowed(AggregateCases.byLetter(b).windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(ofMillis(12), ofMillis(5))).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put("tumbling-serdes", b -> AggregateCases.byKey(b).windowedBy(TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(5))).count(Fn.counts()).toStream()
            .to("out", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 20), Serdes.Long())));
        cases.put("session-serdes", b -> AggregateCases.byKey(b).windowedBy(SessionWindows.ofInactivityGapAndGrace(ofMillis(6), ofMillis(5))).count(Fn.counts()).toStream()
            .to("out", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), Serdes.Long())));
    }

    private static void time(final Map<String, Consumer<StreamsBuilder>> cases, final String name, final TimeWindows windows) {
        cases.put(name + "-count", b -> Fn.outCounts(AggregateCases.byKey(b).windowedBy(windows).count(Fn.counts())));
        cases.put(name + "-reduce", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put(name + "-aggregate", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), Fn.kept("aggregated"))));
        cases.put(name + "-onClose", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).emitStrategy(EmitStrategy.onWindowClose()).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), longKept())));
    }

    private static void sliding(final Map<String, Consumer<StreamsBuilder>> cases, final String name, final SlidingWindows windows) {
        cases.put(name + "-count", b -> Fn.outCounts(AggregateCases.byKey(b).windowedBy(windows).count(Fn.counts())));
        cases.put(name + "-reduce", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put(name + "-aggregate", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), Fn.kept("aggregated"))));
        cases.put(name + "-onClose", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).emitStrategy(EmitStrategy.onWindowClose()).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), longKept())));
    }

    private static void session(final Map<String, Consumer<StreamsBuilder>> cases, final String name, final SessionWindows windows) {
        cases.put(name + "-count", b -> Fn.outCounts(AggregateCases.byKey(b).windowedBy(windows).count(Fn.counts())));
        cases.put(name + "-reduce", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).reduce(Fn::append, Fn.kept("reduced"))));
        cases.put(name + "-aggregate", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), WindowCases::merge, Fn.kept("aggregated"))));
        cases.put(name + "-onClose", b -> Fn.outWindowed(AggregateCases.byKey(b).windowedBy(windows).emitStrategy(EmitStrategy.onWindowClose()).aggregate(() -> "", (k, v, a) -> Fn.append(a, v), WindowCases::merge, longKept())));
    }

    /** Kafka Streams' memory stores drop a window when it closes, before it is emitted; those on disk keep it by chance, whole segments at a time. */
    private static <T extends org.apache.kafka.streams.processor.StateStore> Materialized<String, String, T> longKept() {
        return Fn.<T>kept("aggregated").withRetention(Duration.ofHours(1));
    }

    static String merge(final String key, final String one, final String two) {
        return "(" + Fn.text(one) + "|" + Fn.text(two) + ")";
    }

    private WindowCases() { }
}
