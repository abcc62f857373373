import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.GroupNotEmptyException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** What the admin client can do. */
final class Administration extends Kit {
    static void topics() throws Exception {
        var topic = topic(3);
        Cells.equal(3, await(admin.describeTopics(List.of(topic)).allTopicNames()).get(topic).partitions().size());
        refused(TopicExistsException.class, () -> create(topic, 1));
        Cells.equal(1, await(admin.describeCluster().nodes()).size());
        var broker = await(admin.describeCluster().nodes()).iterator().next().id();
        var directories = await(admin.describeLogDirs(List.of(broker)).allDescriptions()).get(broker).values();
        Cells.equal(true, directories.stream().anyMatch(d -> d.replicaInfos().containsKey(new TopicPartition(topic, 0))));
        await(admin.deleteTopics(List.of(topic)).all());
        until(() -> {
            try {
                return !await(admin.listTopics().names()).contains(topic);
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }, "the topic gone");
        refused(UnknownTopicOrPartitionException.class, () -> await(admin.describeTopics(List.of(topic)).allTopicNames()));
    }

    static void partitions() throws Exception {
        var topic = topic(1);
        await(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(3))).all());
        Cells.equal(3, await(admin.describeTopics(List.of(topic)).allTopicNames()).get(topic).partitions().size());
        fill(topic, 1, 2);
        refused(InvalidPartitionsException.class, () -> await(admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(2))).all()));
    }

    static void configs() throws Exception {
        var topic = topic(1, "retention.ms", "12345678");
        var resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        Cells.equal("12345678 DYNAMIC_TOPIC_CONFIG", config(resource, "retention.ms"));
        Cells.equal("delete DEFAULT_CONFIG", config(resource, "cleanup.policy"));
        await(admin.incrementalAlterConfigs(Map.of(resource, List.of(
            new AlterConfigOp(new ConfigEntry("cleanup.policy", "compact"), AlterConfigOp.OpType.APPEND),
            new AlterConfigOp(new ConfigEntry("retention.ms", ""), AlterConfigOp.OpType.DELETE),
            new AlterConfigOp(new ConfigEntry("max.message.bytes", "2000"), AlterConfigOp.OpType.SET)))).all());
        Cells.equal("delete,compact DYNAMIC_TOPIC_CONFIG", config(resource, "cleanup.policy"));
        Cells.equal("604800000 DEFAULT_CONFIG", config(resource, "retention.ms"));
        Cells.equal("2000 DYNAMIC_TOPIC_CONFIG", config(resource, "max.message.bytes"));
        await(admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry("cleanup.policy", "delete"), AlterConfigOp.OpType.SUBTRACT)))).all());
        Cells.equal("compact DYNAMIC_TOPIC_CONFIG", config(resource, "cleanup.policy"));
        var broker = new ConfigResource(ConfigResource.Type.BROKER, "" + await(admin.describeCluster().controller()).id());
        Cells.equal(false, await(admin.describeConfigs(List.of(broker)).all()).get(broker).entries().isEmpty());
    }

    static void groups() throws Exception {
        var topic = topic(2);
        var group = unique("group");
        var zero = new TopicPartition(topic, 0);
        var one = new TopicPartition(topic, 1);
        try (var consumer = consumer("group.id", group)) {
            consumer.subscribe(List.of(topic));
            until(() -> assigned(consumer) == 2, "the assignment");
            consumer.commitSync(Map.of(zero, new OffsetAndMetadata(0), one, new OffsetAndMetadata(0)), PATIENCE);
            var described = await(admin.describeConsumerGroups(List.of(group)).describedGroups().get(group));
            Cells.equal(GroupState.STABLE, described.groupState());
            Cells.equal(Set.of(zero, one), described.members().iterator().next().assignment().topicPartitions());
            refused(GroupNotEmptyException.class, () -> await(admin.deleteConsumerGroups(List.of(group)).all()));
        }
        Cells.equal(true, await(admin.listGroups().all()).stream().anyMatch(g -> g.groupId().equals(group)));
        await(admin.alterConsumerGroupOffsets(group, Map.of(zero, new OffsetAndMetadata(7))).all());
        await(admin.deleteConsumerGroupOffsets(group, Set.of(one)).all());
        var offsets = await(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata());
        Cells.equal(Map.of(zero, new OffsetAndMetadata(7)), offsets);
        await(admin.deleteConsumerGroups(List.of(group)).all());
        Cells.equal(false, await(admin.listGroups().all()).stream().anyMatch(g -> g.groupId().equals(group)));
    }

    static void deleteRecords() throws Exception {
        var topic = topic(1);
        var partition = new TopicPartition(topic, 0);
        fill(topic, 10, 0);
        Cells.equal(6L, await(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(6))).lowWatermarks().get(partition)).lowWatermark());
        Cells.equal(List.of("v6", "v7", "v8", "v9"), values(topic));
        Cells.equal(10L, await(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(partition)).lowWatermark());
    }

    static void listOffsets() throws Exception {
        var topic = topic(1);
        var partition = new TopicPartition(topic, 0);
        fill(topic, 10, 0);
        for (var spec : Map.of(OffsetSpec.earliest(), 0L, OffsetSpec.latest(), 10L, OffsetSpec.forTimestamp(2500), 3L, OffsetSpec.maxTimestamp(), 9L).entrySet()) {
            Cells.equal(spec.getValue(), await(admin.listOffsets(Map.of(partition, spec.getKey())).partitionResult(partition)).offset());
        }
    }

    private static String config(ConfigResource resource, String name) throws Exception {
        var entry = await(admin.describeConfigs(List.of(resource)).all()).get(resource).get(name);
        return entry.value() + " " + entry.source();
    }
}
