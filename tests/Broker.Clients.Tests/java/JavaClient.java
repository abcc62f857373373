import java.util.LinkedHashMap;

/** Apache Kafka's Java clients. Arguments: bootstrap servers, prefix of names. */
public final class JavaClient {
    public static void main(String[] arguments) throws Exception {
        Kit.connect(arguments[0], arguments[1]);
        var features = new LinkedHashMap<String, Cells.Feature>();
        features.put("produce", Records::plain);
        for (var codec : new String[] {"gzip", "snappy", "lz4", "zstd"}) features.put("produce " + codec, () -> Records.compressed(codec));
        features.put("keys, headers, timestamps, tombstones", Records::parts);
        features.put("acks 0, 1, all", Records::acks);
        features.put("idempotent produce", Records::idempotent);
        features.put("large messages, max.message.bytes", Records::large);
        features.put("consume from beginning, offset, timestamp", Records::positions);
        features.put("group: a member joins, one leaves", () -> Members.joinAndLeave("partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor"));
        features.put("group: static membership", Members::staticMembers);
        features.put("group: cooperative rebalance", Members::cooperative);
        features.put("group.protocol=consumer", Members::consumerProtocol);
        features.put("offset commit and resume", Members::commits);
        features.put("offset reset", Members::reset);
        features.put("transactions: commit and abort", Transactions::commitAndAbort);
        features.put("read_committed and read_uncommitted", Transactions::isolation);
        features.put("transactions: fencing", Transactions::fencing);
        features.put("transactions: send offsets", Transactions::sendOffsets);
        features.put("topics: create, describe, delete", Administration::topics);
        features.put("create partitions", Administration::partitions);
        features.put("configs: describe and alter", Administration::configs);
        features.put("groups: list, describe, delete", Administration::groups);
        features.put("delete records", Administration::deleteRecords);
        features.put("list offsets", Administration::listOffsets);
        Cells.report(features);
        System.exit(0);
    }
}
