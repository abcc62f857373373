import static java.time.Duration.ofMillis;
import static org.apache.kafka.streams.kstream.Suppressed.BufferConfig.maxRecords;
import static org.apache.kafka.streams.kstream.Suppressed.BufferConfig.unbounded;

import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.*;

final class SuppressCases {
    static void add(final Map<String, Consumer<StreamsBuilder>> cases) {
        for (final int grace : new int[] {0, 15}) {
            final String end = "-grace" + grace + "-suppress";
            final TimeWindows tumbling = TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(grace));
            final SlidingWindows sliding = SlidingWindows.ofTimeDifferenceAndGrace(ofMillis(11), ofMillis(grace == 0 ? 1 : 15));
            final SessionWindows session = SessionWindows.ofInactivityGapAndGrace(ofMillis(grace == 0 ? 7 : 6), ofMillis(grace));
            cases.put("tumbling" + end, b -> Fn.outWindowed(suppressed(AggregateCases.byKey(b).windowedBy(tumbling).reduce(Fn::append, Fn.kept("reduced")))));
            cases.put("hopping" + end, b -> Fn.outWindowed(suppressed(AggregateCases.byKey(b).windowedBy(tumbling.advanceBy(ofMillis(5))).reduce(Fn::append, Fn.kept("reduced")))));
            cases.put("sliding" + end, b -> Fn.outWindowed(suppressed(AggregateCases.byKey(b).windowedBy(sliding).reduce(Fn::chain, WindowCases.longKept("reduced")))));
            cases.put("session" + end, b -> Fn.outWindowed(suppressed(AggregateCases.byKey(b).windowedBy(session).reduce(Fn::append, WindowCases.kept("reduced", ofMillis(grace == 0 ? 8 : 22))))));
        }
        cases.put("tumbling-suppress-count", b -> Fn.out(AggregateCases.texts(suppressed(AggregateCases.byKey(b).windowedBy(TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(5))).reduce(Fn::append, Fn.kept("reduced")))
            .toStream((w, v) -> w.window().end() + "").groupByKey(Grouped.with("ends", Fn.S, Fn.S)).count(Fn.counts()))));
        cases.put("suppress-timeLimit", b -> Fn.out(Fn.table(b, "a").suppress(limit(12))));
        cases.put("suppress-timeLimit-full", b -> Fn.out(Fn.table(b, "a").suppress(Suppressed.<String>untilTimeLimit(ofMillis(40), maxRecords(2).emitEarlyWhenFull()).withName("suppressed"))));
        cases.put("suppress-timeLimit-zero", b -> Fn.out(Fn.table(b, "a").suppress(limit(0))));
        cases.put("suppress-timeLimit-count", b -> Fn.out(AggregateCases.texts(AggregateCases.byKey(b).count(Fn.counts()).suppress(limit(12)))));
        cases.put("suppress-timeLimit-windowed", b -> Fn.outCounts(AggregateCases.byKey(b).windowedBy(TimeWindows.ofSizeAndGrace(ofMillis(20), ofMillis(15))).count(Fn.counts())
            .suppress(limit(12))));
    }

    private static <K> Suppressed<K> limit(final int milliseconds) {
        return Suppressed.<K>untilTimeLimit(ofMillis(milliseconds), unbounded().withNoBound()).withName("suppressed");
    }

    private static KTable<Windowed<String>, String> suppressed(final KTable<Windowed<String>, String> table) {
        return table.suppress(Suppressed.untilWindowCloses(unbounded()).withName("suppressed"));
    }

    private SuppressCases() { }
}
