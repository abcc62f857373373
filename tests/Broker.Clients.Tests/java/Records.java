import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;

/** Single records, written and read. */
final class Records extends Kit {
    static void plain() throws Exception {
        var topic = topic(1);
        try (var producer = producer()) {
            send(producer, topic, numbered("v", 100));
        }
        Cells.equal(numbered("v", 100), values(topic));
    }

    static void compressed(String codec) throws Exception {
        var topic = create(prefix + "-" + codec, 1);
        var lines = numbered("v".repeat(100), 100);
        try (var producer = producer("compression.type", codec, "linger.ms", "100")) {
            send(producer, topic, lines);
        }
        Cells.equal(lines, values(topic));
    }

    static void parts() throws Exception {
        var topic = topic(1);
        try (var producer = producer()) {
            var first = new ProducerRecord<>(topic, 0, 1_600_000_000_123L, "key", "value");
            first.headers().add("h", new byte[] {1, 2}).add("h", new byte[0]).add("n", null);
            producer.send(first);
            producer.send(new ProducerRecord<>(topic, "key", null));
            producer.send(new ProducerRecord<>(topic, null, ""));
        }
        var records = read(topic, 0);
        Cells.equal(Arrays.asList("key", "key", null), records.stream().map(ConsumerRecord::key).collect(Collectors.toList()));
        Cells.equal(Arrays.asList("value", null, ""), records.stream().map(ConsumerRecord::value).collect(Collectors.toList()));
        Cells.equal(1_600_000_000_123L, records.get(0).timestamp());
        var headers = new ArrayList<String>();
        records.get(0).headers().forEach(h -> headers.add(h.key() + "=" + (h.value() == null ? "null" : new String(h.value(), StandardCharsets.ISO_8859_1))));
        Cells.equal(List.of("h=\u0001\u0002", "h=", "n=null"), headers);
    }

    static void acks() throws Exception {
        var topic = topic(1);
        for (var acks : new String[] {"0", "1", "all"}) {
            try (var producer = producer("acks", acks, "enable.idempotence", "false")) {
                send(producer, topic, numbered("v", 10));
            }
        }
        until(() -> read(topic, 0).size() == 30, "30 records");
    }

    static void idempotent() throws Exception {
        var topic = topic(1);
        try (var producer = producer("enable.idempotence", "true", "linger.ms", "0", "batch.size", "200")) {
            send(producer, topic, numbered("v", 1000));
        }
        Cells.equal(numbered("v", 1000), values(topic));
    }

    static void large() throws Exception {
        var wide = topic(1, "max.message.bytes", "2000000");
        var narrow = topic(1, "max.message.bytes", "10000");
        try (var producer = producer("max.request.size", "3000000")) {
            send(producer, wide, List.of("x".repeat(1_500_000)));
            refused(RecordTooLargeException.class, () -> send(producer, narrow, List.of("x".repeat(20_000))));
        }
        Cells.equal(List.of("x".repeat(1_500_000)), values(wide));
    }

    static void positions() throws Exception {
        var topic = topic(1);
        var partition = new TopicPartition(topic, 0);
        fill(topic, 10, 0);
        Cells.equal(numbered("v", 10), values(topic));
        Cells.equal(List.of(7L, 8L, 9L), read(topic, 7).stream().map(ConsumerRecord::offset).collect(Collectors.toList()));
        try (var consumer = consumer()) {
            var found = consumer.offsetsForTimes(Map.of(partition, 4500L), PATIENCE).get(partition);
            Cells.equal("5 5001", found.offset() + " " + found.timestamp());
        }
    }
}
