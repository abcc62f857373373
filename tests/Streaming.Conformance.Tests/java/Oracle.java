import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.*;
import java.util.function.Consumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;

/**
 * Plays scripts on Kafka Streams: each NAME.in of a folder becomes NAME.out. A script names its case ("case NAME"), its sequences of records ("sequence N", each on
 * a fresh topology) and the records ("> topic key value timestamp", tabs between, "~" for null). The output repeats it, with the topology's description
 * ("= ...") after the case and what came out ("< topic key value timestamp headers") after each record. Without a folder it tells the names of the cases.
 */
final class Oracle {
    public static void main(final String[] arguments) throws Exception {
        final Map<String, Consumer<StreamsBuilder>> cases = cases();
        if (arguments.length == 0) {
            cases.keySet().forEach(System.out::println);
            return;
        }
        final Path folder = Path.of(arguments[0]);
        for (final String name : cases.keySet()) {
            final Path script = folder.resolve(name + ".in");
            if (!Files.exists(script)) continue;
            try (BufferedReader in = Files.newBufferedReader(script); BufferedWriter out = Files.newBufferedWriter(folder.resolve(name + ".out"))) {
                play(cases.get(name), in, out, folder.resolve("state").toString());
            }
        }
    }

    static Map<String, Consumer<StreamsBuilder>> cases() {
        final Map<String, Consumer<StreamsBuilder>> cases = new TreeMap<>();
        StatelessCases.add(cases);
        AggregateCases.add(cases);
        TableCases.add(cases);
        WindowCases.add(cases);
        SuppressCases.add(cases);
        JoinCases.add(cases);
        return cases;
    }

    private static void play(final Consumer<StreamsBuilder> build, final BufferedReader in, final BufferedWriter out, final String states) throws Exception {
        Driver driver = null;
        int number = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.write(line + "\n");
            if (line.startsWith("case ")) {
                for (final String text : topology(build).describe().toString().stripTrailing().split("\n")) out.write("= " + text.stripTrailing() + "\n");
            } else if (line.startsWith("sequence ")) {
                if (driver != null) driver.close();
                driver = new Driver(topology(build), states);
                number = 0;
            } else {
                for (final ProducerRecord<byte[], byte[]> result : pipe(driver, line.substring(2).split("\t", -1), number++))
                    out.write("< " + text(result.topic(), result.key(), result.value(), result.timestamp(), result.headers()) + "\n");
            }
        }
        if (driver != null) driver.close();
    }

    static Topology topology(final Consumer<StreamsBuilder> build) {
        final StreamsBuilder builder = new StreamsBuilder();
        build.accept(builder);
        return builder.build();
    }

    static List<ProducerRecord<byte[], byte[]>> pipe(final Driver driver, final String[] fields, final int number) {
        final RecordHeaders headers = new RecordHeaders();
        headers.add("n", Integer.toString(number).getBytes(StandardCharsets.UTF_8));
        return driver.pipe(fields[0], bytes(fields[1]), bytes(fields[2]), Long.parseLong(fields[3]), headers);
    }

    static String text(final String topic, final byte[] key, final byte[] value, final long timestamp, final Headers headers) {
        final StringJoiner all = new StringJoiner(",");
        for (final Header header : headers) all.add(header.key() + "=" + text(header.value()));
        return topic + "\t" + text(key) + "\t" + text(value) + "\t" + timestamp + "\t" + all;
    }

    static byte[] bytes(final String text) {
        return text.equals("~") ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    /** Text as it is; bytes that are not printable text in hexadecimal digits. */
    private static String text(final byte[] bytes) {
        if (bytes == null) return "~";
        for (final byte b : bytes) {
            if (b < 32 || b > 126) return "0x" + HexFormat.of().formatHex(bytes);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
