import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The clients as the features want them. */
class Kit {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    static String servers;
    static String prefix;
    static Admin admin;

    static void connect(String bootstrapServers, String namePrefix) {
        servers = bootstrapServers;
        prefix = namePrefix;
        admin = Admin.create(Map.of("bootstrap.servers", servers));
    }

    static <T> T await(KafkaFuture<T> future) throws Exception {
        return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }

    static void until(BooleanSupplier reached, String what) {
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!reached.getAsBoolean()) {
            if (System.nanoTime() > deadline) throw new AssertionError("not in time: " + what);
            Thread.yield();
        }
    }

    static String unique(String what) {
        return prefix + "-" + what + "-" + UUID.randomUUID().toString().substring(0, 6);
    }

    static String topic(int partitions, String... configs) throws Exception {
        return create(unique("topic"), partitions, configs);
    }

    /** A topic that keeps records of any age; configs are names and values in turn. */
    static String create(String name, int partitions, String... configs) throws Exception {
        var all = new HashMap<>(pairs(configs));
        all.putIfAbsent("retention.ms", "-1");
        await(admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(all))).all());
        return name;
    }

    static KafkaProducer<String, String> producer(String... configs) {
        var all = new HashMap<String, Object>(pairs(configs));
        all.put("bootstrap.servers", servers);
        return new KafkaProducer<>(all, new StringSerializer(), new StringSerializer());
    }

    static KafkaConsumer<String, String> consumer(String... configs) {
        var all = new HashMap<String, Object>(Map.of("bootstrap.servers", servers, "group.id", unique("group"), "auto.offset.reset", "earliest",
            "enable.auto.commit", "false", "isolation.level", "read_committed", "fetch.max.wait.ms", "100"));
        all.putAll(pairs(configs));
        return new KafkaConsumer<>(all, new StringDeserializer(), new StringDeserializer());
    }

    static List<String> numbered(String what, int count) {
        return IntStream.range(0, count).mapToObj(i -> what + i).collect(Collectors.toList());
    }

    static void send(KafkaProducer<String, String> producer, String topic, List<String> values) throws Exception {
        var sent = new ArrayList<java.util.concurrent.Future<?>>();
        for (var value : values) sent.add(producer.send(new ProducerRecord<>(topic, 0, "k", value)));
        producer.flush();
        for (var s : sent) s.get();
    }

    /** Writes v0, v1, … at the times 1, 1001, … ms. */
    static void fill(String topic, int count, int partition) {
        try (var producer = producer()) {
            for (var i = 0; i < count; i++) producer.send(new ProducerRecord<>(topic, partition, 1000L * i + 1, "k" + i, "v" + i));
        }
    }

    /** What partition 0 holds from an offset on. */
    static List<ConsumerRecord<String, String>> read(String topic, long from, String... configs) {
        var partition = new TopicPartition(topic, 0);
        var records = new ArrayList<ConsumerRecord<String, String>>();
        try (var consumer = consumer(configs)) {
            consumer.assign(List.of(partition));
            consumer.seek(partition, from);
            var end = consumer.endOffsets(List.of(partition), PATIENCE).get(partition);
            until(() -> {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
                return consumer.position(partition, PATIENCE) >= end;
            }, "the end of " + topic);
        }
        return records;
    }

    static List<String> values(String topic, String... configs) {
        return read(topic, 0, configs).stream().map(ConsumerRecord::value).collect(Collectors.toList());
    }

    static int assigned(KafkaConsumer<?, ?> consumer) {
        consumer.poll(Duration.ofMillis(20));
        return consumer.assignment().size();
    }

    static <T extends Throwable> T refused(Class<T> with, Cells.Feature action) {
        try {
            action.run();
        } catch (Throwable e) {
            for (var cause = e; cause != null; cause = cause.getCause()) if (with.isInstance(cause)) return with.cast(cause);
            throw new AssertionError("expected " + with.getSimpleName() + ", got " + e, e);
        }
        throw new AssertionError("expected " + with.getSimpleName() + ", got nothing");
    }

    private static Map<String, String> pairs(String... configs) {
        var map = new HashMap<String, String>();
        for (var i = 0; i < configs.length; i += 2) map.put(configs[i], configs[i + 1]);
        return map;
    }
}
