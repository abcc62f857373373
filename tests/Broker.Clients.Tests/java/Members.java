import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** Groups and their offsets. */
final class Members extends Kit {
    /** The configs are those of both members. */
    static void joinAndLeave(String... configs) throws Exception {
        var topic = topic(4);
        var all = with(configs, "group.id", unique("group"));
        for (var p = 0; p < 4; p++) fill(topic, 5, p);
        try (var first = consumer(all)) {
            first.subscribe(List.of(topic));
            until(() -> assigned(first) == 4, "all partitions");
            try (var second = consumer(all)) {
                second.subscribe(List.of(topic));
                until(() -> assigned(first) == 2 & assigned(second) == 2, "two partitions each");
                first.commitSync(first.assignment().stream().collect(Collectors.toMap(p -> p, p -> new OffsetAndMetadata(1, "note"))), PATIENCE);
            }
            until(() -> assigned(first) == 4, "all partitions again");
        }
    }

    static void consumerProtocol() throws Exception {
        for (var assignor : new String[] {"uniform", "range"}) joinAndLeave("group.protocol", "consumer", "group.remote.assignor", assignor);
    }

    static void staticMembers() throws Exception {
        var topic = topic(4);
        var group = unique("group");
        var revoked = new ArrayList<TopicPartition>();
        var first = consumer("group.id", group, "group.instance.id", "one");
        try (var second = consumer("group.id", group, "group.instance.id", "two")) {
            first.subscribe(List.of(topic));
            second.subscribe(List.of(topic), noting(revoked));
            until(() -> assigned(first) == 2 & assigned(second) == 2, "two partitions each");
            var had = Set.copyOf(first.assignment());
            revoked.clear();
            first.close(); // a static member does not leave
            try (var again = consumer("group.id", group, "group.instance.id", "one")) {
                again.subscribe(List.of(topic));
                until(() -> assigned(again) == 2 & assigned(second) == 2, "the same member back");
                Cells.equal(had, new HashSet<>(again.assignment()));
                Cells.equal(List.of(), revoked);
            }
        }
    }

    static void cooperative() throws Exception {
        var topic = topic(4);
        var revoked = new ArrayList<TopicPartition>();
        var configs = with(new String[] {"partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"}, "group.id", unique("group"));
        try (var first = consumer(configs); var second = consumer(configs)) {
            first.subscribe(List.of(topic), noting(revoked));
            until(() -> assigned(first) == 4, "all partitions");
            second.subscribe(List.of(topic));
            until(() -> assigned(first) == 2 & assigned(second) == 2, "two partitions each");
            Cells.equal(2, revoked.size());
        }
    }

    static void commits() throws Exception {
        var topic = topic(1);
        var group = unique("group");
        var partition = new TopicPartition(topic, 0);
        fill(topic, 10, 0);
        try (var first = consumer("group.id", group)) {
            first.subscribe(List.of(topic));
            poll(first);
            first.commitSync(Map.of(partition, new OffsetAndMetadata(5, "note")), PATIENCE);
            var committed = first.committed(Set.of(partition), PATIENCE).get(partition);
            Cells.equal("5 note", committed.offset() + " " + committed.metadata());
        }
        try (var second = consumer("group.id", group)) {
            second.subscribe(List.of(topic));
            Cells.equal("v5", poll(second).value());
        }
    }

    static void reset() throws Exception {
        var topic = topic(1);
        var partition = new TopicPartition(topic, 0);
        fill(topic, 10, 0);
        for (var reset : Map.of("earliest", 0L, "latest", 10L).entrySet()) {
            try (var consumer = consumer("auto.offset.reset", reset.getKey())) {
                consumer.assign(List.of(partition));
                Cells.equal(reset.getValue(), consumer.position(partition, PATIENCE));
            }
        }
        try (var beyond = consumer()) {
            beyond.assign(List.of(partition));
            beyond.seek(partition, 1000);
            Cells.equal(0L, poll(beyond).offset());
        }
    }

    static ConsumerRecord<String, String> poll(KafkaConsumer<String, String> consumer) {
        var records = new ArrayList<ConsumerRecord<String, String>>();
        until(() -> {
            consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            return !records.isEmpty();
        }, "a record");
        return records.get(0);
    }

    private static String[] with(String[] configs, String... more) {
        return Stream.concat(Arrays.stream(configs), Arrays.stream(more)).toArray(String[]::new);
    }

    private static ConsumerRebalanceListener noting(List<TopicPartition> revoked) {
        return new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                revoked.addAll(partitions);
            }
        };
    }
}
