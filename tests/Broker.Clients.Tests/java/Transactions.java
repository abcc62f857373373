import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

final class Transactions extends Kit {
    private static final String[] UNCOMMITTED = {"isolation.level", "read_uncommitted"};

    static void commitAndAbort() throws Exception {
        var topic = topic(1);
        try (var producer = transactional(topic)) {
            for (var value : new String[] {"first", "aborted", "second"}) {
                producer.beginTransaction();
                send(producer, topic, numbered(value, 2));
                if (value.equals("aborted")) producer.abortTransaction();
                else producer.commitTransaction();
            }
        }
        Cells.equal(List.of("first0", "first1", "second0", "second1"), values(topic));
        Cells.equal(List.of("first0", "first1", "aborted0", "aborted1", "second0", "second1"), values(topic, UNCOMMITTED));
        var described = await(admin.describeTransactions(List.of(topic)).description(topic));
        Cells.equal("CompleteCommit", described.state().toString());
        until(() -> {
            try {
                return await(admin.listTransactions().all()).stream().anyMatch(t -> t.transactionalId().equals(topic));
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }, "the transaction listed");
        Cells.equal(1, await(admin.describeProducers(List.of(new TopicPartition(topic, 0))).partitionResult(new TopicPartition(topic, 0))).activeProducers().size());
    }

    static void isolation() throws Exception {
        var topic = topic(1);
        try (var producer = transactional(topic); var other = producer()) {
            producer.beginTransaction();
            send(producer, topic, List.of("open"));
            send(other, topic, List.of("behind"));
            Cells.equal(List.of(), values(topic));
            Cells.equal(List.of("open", "behind"), values(topic, UNCOMMITTED));
            producer.commitTransaction();
            Cells.equal(List.of("open", "behind"), values(topic));
        }
    }

    /** By a newer producer, and by an administrator. */
    static void fencing() throws Exception {
        var topic = topic(1);
        try (var older = transactional(topic)) {
            older.beginTransaction();
            send(older, topic, List.of("zombie"));
            try (var newer = transactional(topic)) {
                refused(KafkaException.class, older::commitTransaction);
                newer.beginTransaction();
                send(newer, topic, List.of("alive"));
                newer.commitTransaction();
                await(admin.fenceProducers(List.of(topic)).all());
                newer.beginTransaction();
                refused(KafkaException.class, () -> {
                    send(newer, topic, List.of("fenced"));
                    newer.commitTransaction();
                });
            }
        }
        Cells.equal(List.of("alive"), values(topic));
    }

    static void sendOffsets() throws Exception {
        var topic = topic(1);
        var partition = new TopicPartition(topic, 0);
        fill(topic, 5, 0);
        try (var consumer = consumer(); var producer = transactional(topic)) {
            consumer.subscribe(List.of(topic));
            Members.poll(consumer);
            for (var offset : new long[] {3, 2}) {
                producer.beginTransaction();
                producer.sendOffsetsToTransaction(Map.of(partition, new OffsetAndMetadata(offset)), consumer.groupMetadata());
                if (offset == 3) producer.abortTransaction();
                else producer.commitTransaction();
                var committed = consumer.committed(Set.of(partition), PATIENCE).get(partition);
                Cells.equal(offset == 3 ? "nothing" : "2", committed == null ? "nothing" : "" + committed.offset());
            }
        }
    }

    private static KafkaProducer<String, String> transactional(String id) {
        var producer = producer("transactional.id", id);
        producer.initTransactions();
        return producer;
    }
}
