import java.lang.reflect.Field;
import java.util.*;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.errors.LogAndFailExceptionHandler;
import org.apache.kafka.streams.errors.LogAndFailProcessingExceptionHandler;
import org.apache.kafka.streams.processor.StateRestoreListener;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.internals.*;
import org.apache.kafka.streams.processor.internals.metrics.StreamsMetricsImpl;
import org.apache.kafka.streams.state.internals.ThreadCache;

/**
 * Runs a topology's tasks without a broker: Kafka Streams' own tasks and stores over a collector that keeps what they send. Topics have one partition, each
 * sub-topology is a task of its own, and a record's work is finished, through all internal topics, before the next record comes.
 */
final class Driver implements AutoCloseable {
    static final String APPLICATION = "app";
    private static final LogContext LOG = new LogContext("");
    private final StreamsConfig config;
    private final InternalTopologyBuilder builder;
    private final Metrics metrics = new Metrics();
    private final StreamsMetricsImpl streamsMetrics;
    private final ThreadCache cache;
    private final StateDirectory directory;
    private final Map<String, StreamTask> tasks = new HashMap<>();
    private final List<StreamTask> allTasks = new ArrayList<>();
    private final Map<String, Long> offsets = new HashMap<>();
    private final Set<String> internal = new HashSet<>();
    private final Set<String> globalTopics = new HashSet<>();
    private final ArrayDeque<ProducerRecord<byte[], byte[]>> sent = new ArrayDeque<>();
    private GlobalStateUpdateTask globalTask;

    Driver(final Topology topology, final String stateDirectory) throws Exception {
        config = new StreamsConfig(Map.of(
            StreamsConfig.APPLICATION_ID_CONFIG, APPLICATION, StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "none:1", StreamsConfig.STATE_DIR_CONFIG, stateDirectory,
            StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0L, StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, -1L,
            StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, org.apache.kafka.streams.state.BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class,
            // Results of closed windows come with the record that closes them; by default they wait for up to a second of wall-clock time.
            StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_OUTER_JOIN_SPURIOUS_RESULTS_FIX, 0L,
            StreamsConfig.InternalConfig.EMIT_INTERVAL_MS_KSTREAMS_WINDOWED_AGGREGATION, 0L));
        final Field field = Topology.class.getDeclaredField("internalTopologyBuilder");
        field.setAccessible(true);
        builder = ((InternalTopologyBuilder) field.get(topology)).rewriteTopology(config);
        streamsMetrics = new StreamsMetricsImpl(metrics, "oracle", Time.SYSTEM);
        cache = new ThreadCache(LOG, 0, streamsMetrics);
        directory = new StateDirectory(config, Time.SYSTEM, false, false);
        startGlobal();
        for (final InternalTopologyBuilder.TopicsInfo topics : builder.subtopologyToTopicsInfo().values()) internal.addAll(topics.repartitionSourceTopics.keySet());
        for (final int sub : builder.nodeGroups().keySet()) start(sub);
    }

    /** Processes a record and all that follows of it; what it wrote to the topics that are not internal, in order. */
    List<ProducerRecord<byte[], byte[]>> pipe(final String topic, final byte[] key, final byte[] value, final long timestamp, final Headers headers) {
        final List<ProducerRecord<byte[], byte[]>> results = new ArrayList<>();
        if (globalTopics.contains(topic)) globalTask.update(record(topic, key, value, timestamp, headers));
        else process(topic, key, value, timestamp, headers);
        while (!sent.isEmpty()) {
            final ProducerRecord<byte[], byte[]> next = sent.poll();
            if (!internal.contains(next.topic())) results.add(next);
            if (tasks.containsKey(next.topic())) process(next.topic(), next.key(), next.value(), next.timestamp(), next.headers());
        }
        return results;
    }

    @Override
    public void close() throws Exception {
        for (final StreamTask task : allTasks) {
            task.suspend();
            task.closeDirty();
        }
        if (globalTask != null) globalTask.close(false);
        directory.close();
        metrics.close();
    }

    private void process(final String topic, final byte[] key, final byte[] value, final long timestamp, final Headers headers) {
        final StreamTask task = tasks.get(topic);
        task.addRecords(new TopicPartition(topic, 0), List.of(record(topic, key, value, timestamp, headers)));
        while (task.hasRecordsQueued()) {
            task.process(0L);
            task.maybePunctuateStreamTime();
        }
    }

    private ConsumerRecord<byte[], byte[]> record(final String topic, final byte[] key, final byte[] value, final long timestamp, final Headers headers) {
        final long offset = offsets.merge(topic, 1L, Long::sum) - 1;
        return new ConsumerRecord<>(topic, 0, offset, timestamp, TimestampType.CREATE_TIME, 0, 0, key, value, headers, Optional.empty());
    }

    private void start(final int sub) {
        final ProcessorTopology topology = builder.buildSubtopology(sub);
        if (globalTopics.containsAll(topology.sourceTopics())) return;
        final TaskId id = new TaskId(sub, 0);
        final Set<TopicPartition> inputs = new HashSet<>();
        for (final String topic : topology.sourceTopics()) inputs.add(new TopicPartition(topic, 0));
        final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
        consumer.assign(inputs);
        final ProcessorStateManager states = new ProcessorStateManager(id, Task.TaskType.ACTIVE, false, LOG, directory, topology.storeToChangelogTopic(), inputs);
        final ProcessorContextImpl context = new ProcessorContextImpl(id, config, states, streamsMetrics, cache);
        final StreamTask task = new StreamTask(id, inputs, topology, consumer, new TopologyConfig(config).getTaskConfig(), streamsMetrics, directory, cache,
            Time.SYSTEM, states, new Collector(), context, LOG, false);
        task.initializeIfNeeded();
        task.completeRestoration(partitions -> { });
        for (final TopicPartition input : inputs) tasks.put(input.topic(), task);
        allTasks.add(task);
    }

    private void startGlobal() {
        final ProcessorTopology topology = builder.buildGlobalStateTopology();
        if (topology == null) return;
        final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
        for (final String topic : topology.sourceTopics()) {
            final TopicPartition partition = new TopicPartition(topic, 0);
            globalTopics.add(topic);
            consumer.updatePartitions(topic, List.of(new PartitionInfo(topic, 0, null, null, null)));
            consumer.updateBeginningOffsets(Map.of(partition, 0L));
            consumer.updateEndOffsets(Map.of(partition, 0L));
        }
        final GlobalStateManagerImpl states = new GlobalStateManagerImpl(LOG, Time.SYSTEM, topology, consumer, directory, new NoListener(), config);
        final GlobalProcessorContextImpl context = new GlobalProcessorContextImpl(config, states, streamsMetrics, cache, Time.SYSTEM);
        states.setGlobalProcessorContext(context);
        globalTask = new GlobalStateUpdateTask(LOG, topology, context, states, new LogAndFailExceptionHandler(), new LogAndFailProcessingExceptionHandler(), Time.SYSTEM, Long.MAX_VALUE);
        globalTask.initialize();
    }

    private static final class NoListener implements StateRestoreListener {
        @Override public void onRestoreStart(final TopicPartition partition, final String store, final long from, final long to) { }
        @Override public void onBatchRestored(final TopicPartition partition, final String store, final long end, final long count) { }
        @Override public void onRestoreEnd(final TopicPartition partition, final String store, final long total) { }
    }

    /** Keeps what is sent to other topics than changelogs. */
    private final class Collector implements RecordCollector {
        @Override
        public <K, V> void send(final String topic, final K key, final V value, final Headers headers, final Integer partition, final Long timestamp,
                final Serializer<K> keys, final Serializer<V> values, final String node, final InternalProcessorContext<Void, Void> context) {
            if (topic.endsWith("-changelog")) return;
            final Headers own = new RecordHeaders(headers);
            sent.add(new ProducerRecord<>(topic, 0, timestamp, keys.serialize(topic, own, key), values.serialize(topic, own, value), own));
        }

        @Override
        public <K, V> void send(final String topic, final K key, final V value, final Headers headers, final Long timestamp, final Serializer<K> keys,
                final Serializer<V> values, final String node, final InternalProcessorContext<Void, Void> context, final StreamPartitioner<? super K, ? super V> partitioner) {
            send(topic, key, value, headers, 0, timestamp, keys, values, node, context);
        }

        @Override
        public <K, V> void send(final K key, final V value, final String node, final InternalProcessorContext<?, ?> context, final ProducerRecord<byte[], byte[]> record) {
            sent.add(record);
        }

        @Override public void initialize() { }
        @Override public void flush() { }
        @Override public void closeClean() { }
        @Override public void closeDirty() { }
        @Override public Map<TopicPartition, Long> offsets() { return Map.of(); }
    }
}
