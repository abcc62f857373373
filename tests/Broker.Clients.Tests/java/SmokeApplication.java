import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.TimeWindows;

/**
 * A Kafka Streams application with exactly_once_v2: counts, minima, sums, windows and a repartition over stores with changelogs. One instance is
 * joined by a second and leaves in the middle of the input. Arguments: bootstrap servers, application id, state folder.
 * Every update of every key is checked, each exactly once and in order, against what the input says.
 */
public final class SmokeApplication {
    private static final int KEYS = 10;
    private static final int PER_KEY = 100;
    private static final int PARTITIONS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(240);
    private static final List<String> OUTPUTS = List.of("count", "min", "sum", "windows", "modulo");

    public static void main(String[] arguments) throws Exception {
        Kit.connect(arguments[0], arguments[1]);
        for (var name : OUTPUTS) Kit.create(topic(name), PARTITIONS);
        Kit.create(topic("data"), PARTITIONS);
        var seed = arguments.length > 3 ? Long.parseLong(arguments[3]) : new Random().nextLong();
        System.out.println("seed " + seed);
        var input = input(new Random(seed));
        var half = input.size() / 2;

        var first = start(arguments[2], "one");
        send(input.subList(0, half));
        await("count", half / 4);
        var second = start(arguments[2], "two");
        send(input.subList(half, input.size()));
        await("count", half);
        if (!first.close(Duration.ofSeconds(120))) throw new AssertionError("the first instance did not close in time");
        for (var name : OUTPUTS) await(name, input.size());
        if (!second.close(Duration.ofSeconds(120))) throw new AssertionError("the second instance did not close in time");
        check(input);
        System.out.println("checked " + OUTPUTS.size() * input.size() + " updates");
        System.exit(0);
    }

    private static String topic(String name) {
        return Kit.prefix + "." + name;
    }

    /** Values in any order, at times that grow by 100 ms. */
    private static List<ProducerRecord<String, String>> input(Random random) {
        var values = new ArrayList<>(IntStream.range(0, KEYS * PER_KEY).boxed().toList());
        java.util.Collections.shuffle(values, random);
        var records = new ArrayList<ProducerRecord<String, String>>();
        for (var value : values) records.add(new ProducerRecord<>(topic("data"), null, 1_000_000L + 100L * records.size(), "key" + value % KEYS, "" + value));
        return records;
    }

    private static void send(List<ProducerRecord<String, String>> records) {
        try (var producer = Kit.producer("enable.idempotence", "true")) {
            records.forEach(producer::send);
        }
    }

    private static Topology topology() {
        var builder = new StreamsBuilder();
        var data = builder.<String, String>stream(topic("data")).mapValues(v -> Long.parseLong(v));
        var keyed = data.groupByKey(org.apache.kafka.streams.kstream.Grouped.with(Serdes.String(), Serdes.Long()));
        keyed.count().toStream().mapValues(v -> "" + v).to(topic("count"));
        keyed.reduce(Math::min).toStream().mapValues(v -> "" + v).to(topic("min"));
        keyed.reduce(Long::sum).toStream().mapValues(v -> "" + v).to(topic("sum"));
        keyed.windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofHours(1))).count().toStream()
            .map((k, v) -> KeyValue.pair(k.key() + "@" + k.window().start(), "" + v)).to(topic("windows"));
        data.map((k, v) -> KeyValue.pair("" + v % 7, v)).groupByKey(org.apache.kafka.streams.kstream.Grouped.with(Serdes.String(), Serdes.Long()))
            .count().toStream().mapValues(v -> "" + v).to(topic("modulo"));
        return builder.build();
    }

    private static KafkaStreams start(String folder, String instance) {
        var config = new Properties();
        config.put("application.id", Kit.prefix);
        config.put("bootstrap.servers", Kit.servers);
        config.put("processing.guarantee", "exactly_once_v2");
        config.put("state.dir", Path.of(folder, instance).toString());
        config.put("commit.interval.ms", "200");
        config.put("statestore.cache.max.bytes", "0"); // every update is sent
        config.put("replication.factor", "1");
        config.put("default.key.serde", Serdes.StringSerde.class.getName());
        config.put("default.value.serde", Serdes.StringSerde.class.getName());
        config.put("consumer.auto.offset.reset", "earliest");
        config.put("consumer.session.timeout.ms", "10000");
        config.put("internal.leave.group.on.close", true); // as Kafka's own tests do: a closed instance's tasks move at once
        var streams = new KafkaStreams(topology(), config);
        streams.setUncaughtExceptionHandler(e -> {
            e.printStackTrace();
            return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
        streams.start();
        return streams;
    }

    private static void await(String name, int count) {
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        var found = 0;
        try (var consumer = Kit.consumer()) {
            consumer.assign(partitions(name));
            consumer.seekToBeginning(partitions(name));
            while (found < count) {
                if (System.nanoTime() > deadline) throw new AssertionError(name + " has " + found + " updates instead of " + count);
                found += consumer.poll(Duration.ofMillis(100)).count();
            }
        }
    }

    private static List<TopicPartition> partitions(String name) {
        return IntStream.range(0, PARTITIONS).mapToObj(p -> new TopicPartition(topic(name), p)).toList();
    }

    private static Map<String, List<String>> read(String name) {
        var updates = new TreeMap<String, List<String>>();
        try (var consumer = Kit.consumer()) {
            var partitions = partitions(name);
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            var ends = consumer.endOffsets(partitions);
            var open = new HashSet<>(partitions);
            while (!open.isEmpty()) {
                for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(100))) updates.computeIfAbsent(r.key(), k -> new ArrayList<>()).add(r.value());
                open.removeIf(p -> consumer.position(p) >= ends.get(p));
            }
        }
        return updates;
    }

    private static void check(List<ProducerRecord<String, String>> input) {
        var expected = new HashMap<String, Map<String, List<String>>>();
        var order = new TreeMap<String, List<Long>>();
        for (var record : input) {
            var value = Long.parseLong(record.value());
            var values = order.computeIfAbsent(record.key(), k -> new ArrayList<>());
            values.add(value);
            add(expected, "count", record.key(), "" + values.size());
            add(expected, "min", record.key(), "" + values.stream().mapToLong(v -> v).min().getAsLong());
            add(expected, "sum", record.key(), "" + values.stream().mapToLong(v -> v).sum());
            next(expected, "windows", record.key() + "@" + record.timestamp() / 10_000 * 10_000);
            next(expected, "modulo", "" + value % 7);
        }
        for (var name : OUTPUTS) {
            var found = read(name);
            if (!found.equals(expected.get(name))) throw new AssertionError(name + ": expected " + expected.get(name) + ", got " + found);
        }
    }

    private static void add(Map<String, Map<String, List<String>>> expected, String name, String key, String update) {
        expected.computeIfAbsent(name, n -> new TreeMap<>()).computeIfAbsent(key, k -> new ArrayList<>()).add(update);
    }

    private static void next(Map<String, Map<String, List<String>>> expected, String name, String key) {
        var before = expected.computeIfAbsent(name, n -> new TreeMap<>()).getOrDefault(key, List.of()).size();
        add(expected, name, key, "" + (before + 1));
    }
}
