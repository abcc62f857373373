import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.*;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;

/** Checks the driver: a script of one sequence over topic "a" gives the same on it as on an application with RocksDB stores and a broker. */
final class Live {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private final String bootstrap;
    private final Admin admin;

    private Live(final String bootstrap) {
        this.bootstrap = bootstrap;
        admin = Admin.create(Map.of("bootstrap.servers", bootstrap));
    }

    public static void main(final String[] arguments) throws Exception {
        final Live live = new Live(arguments[0]);
        final Path folder = Path.of(arguments[1]);
        live.create("a", "out");
        final List<Path> scripts;
        try (Stream<Path> files = Files.list(folder)) {
            scripts = files.filter(file -> file.toString().endsWith(".in")).sorted().toList();
        }
        for (final Path script : scripts) {
            final String name = script.getFileName().toString().replace(".in", "");
            final List<String[]> input = new ArrayList<>();
            for (final String line : Files.readAllLines(script)) {
                if (line.startsWith("> ")) input.add(line.substring(2).split("\t", -1));
            }
            final Consumer<StreamsBuilder> build = Oracle.cases().get(name);
            final List<String> expected = played(build, input, folder);
            final List<String> actual = live.run(name, build, input, expected.size(), folder);
            if (!actual.equals(expected)) throw new IllegalStateException(name + ":\ndriver " + expected + "\nlive   " + actual);
            System.out.println(name + " " + expected.size());
        }
    }

    private static List<String> played(final Consumer<StreamsBuilder> build, final List<String[]> input, final Path folder) throws Exception {
        final List<String> results = new ArrayList<>();
        try (Driver driver = new Driver(Oracle.topology(build), folder.resolve("driver").toString())) {
            for (int i = 0; i < input.size(); i++) {
                for (final ProducerRecord<byte[], byte[]> record : Oracle.pipe(driver, input.get(i), i))
                    results.add(Oracle.text(record.topic(), record.key(), record.value(), record.timestamp(), record.headers()));
            }
        }
        return results;
    }

    private List<String> run(final String name, final Consumer<StreamsBuilder> build, final List<String[]> input, final int expected, final Path folder) throws Exception {
        final long from = end("out");
        admin.deleteRecords(Map.of(new TopicPartition("a", 0), RecordsToDelete.beforeOffset(end("a")))).all().get();
        produce(input);
        final Properties settings = new Properties();
        settings.putAll(Map.of(StreamsConfig.APPLICATION_ID_CONFIG, name, StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap, StreamsConfig.STATE_DIR_CONFIG, folder.resolve("live").toString(),
            StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0L, StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100L,
            StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L,
            StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L));
        final KafkaStreams application = new KafkaStreams(Oracle.topology(build), settings);
        application.start();
        try {
            return read(from, expected);
        } finally {
            application.close(Duration.ofSeconds(20));
        }
    }

    private void create(final String... topics) throws Exception {
        // The records are of 1970.
        admin.createTopics(Stream.of(topics).map(topic -> new NewTopic(topic, 1, (short) 1).configs(Map.of("retention.ms", "-1"))).toList()).all().get();
    }

    private void produce(final List<String[]> input) {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrap), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < input.size(); i++) {
                final String[] fields = input.get(i);
                final RecordHeaders headers = new RecordHeaders();
                headers.add("n", Integer.toString(i).getBytes(StandardCharsets.UTF_8));
                producer.send(new ProducerRecord<>("a", 0, Long.parseLong(fields[3]), Oracle.bytes(fields[1]), Oracle.bytes(fields[2]), headers));
            }
        }
    }

    private long end(final String topic) {
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            return consumer.endOffsets(List.of(new TopicPartition(topic, 0))).values().iterator().next();
        }
    }

    /** As many results as expected, and those that come within a second after them. */
    private List<String> read(final long from, final int expected) {
        final List<String> results = new ArrayList<>();
        try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
            final TopicPartition partition = new TopicPartition("out", 0);
            consumer.assign(List.of(partition));
            consumer.seek(partition, from);
            final long deadline = System.nanoTime() + PATIENCE.toNanos();
            boolean more = true;
            while (more && System.nanoTime() < deadline) {
                final var records = consumer.poll(Duration.ofSeconds(1));
                for (final ConsumerRecord<byte[], byte[]> record : records) results.add(Oracle.text(record.topic(), record.key(), record.value(), record.timestamp(), record.headers()));
                more = results.size() < expected || !records.isEmpty();
            }
        }
        return results;
    }

    private KafkaConsumer<byte[], byte[]> consumer() {
        return new KafkaConsumer<>(Map.of("bootstrap.servers", bootstrap), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
