import com.github.luben.zstd.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import net.jpountz.lz4.LZ4FrameOutputStream;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.utils.ByteBufferOutputStream;

/** Writes the vectors of this folder: java -cp 'libs/*' Vectors.java FOLDER, with the libraries of Apache Kafka. Samples.cs makes the same contents. */
public class Vectors {
    static long state;

    static int next(int below) {
        state = state * 6364136223846793005L + 1442695040888963407L;
        return (int) ((state >>> 33) % below);
    }

    static byte[] sample(String kind) {
        state = 7;
        return switch (kind) {
            case "empty" -> new byte[0];
            case "tiny" -> "streams".getBytes(StandardCharsets.UTF_8);
            case "zeros" -> new byte[300_000];
            case "random" -> bytes(2_000, 256, 1);
            case "skewed" -> bytes(20_000, 64, 3);
            case "text" -> text(40_000);
            case "long" -> text(200_000);
            default -> throw new IllegalArgumentException(kind);
        };
    }

    static byte[] bytes(int count, int below, int draws) {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++) {
            int least = below;
            for (int d = 0; d < draws; d++) least = Math.min(least, next(below));
            bytes[i] = (byte) least;
        }
        return bytes;
    }

    static byte[] text(int count) {
        String[] kinds = { "kwh", "requests", "tokens", "seconds", "bytes_out" };
        StringBuilder text = new StringBuilder();
        while (text.length() < count)
            text.append("{\"source\":\"meter-").append(next(40)).append("\",\"id\":").append(text.length())
                .append(",\"kind\":\"").append(kinds[next(kinds.length)]).append("\",\"value\":").append(next(1000)).append("}\n");
        return text.substring(0, count).getBytes(StandardCharsets.UTF_8);
    }

    static Path folder;

    static void write(String name, byte[] bytes) throws IOException {
        Files.write(folder.resolve(name + ".bin"), bytes);
    }

    static byte[] kafka(Compression compression, byte[] content) throws IOException {
        ByteBufferOutputStream out = new ByteBufferOutputStream(1 << 20);
        try (OutputStream stream = compression.wrapForOutput(out, (byte) 2)) {
            stream.write(content);
        }
        out.buffer().flip();
        byte[] bytes = new byte[out.buffer().remaining()];
        out.buffer().get(bytes);
        return bytes;
    }

    static byte[] zstd(byte[] content, int level, int windowLog) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZstdOutputStream stream = new ZstdOutputStream(out, level)) {
            stream.setChecksum(true);
            if (windowLog > 0) stream.setLong(windowLog);
            stream.write(content);
        }
        return out.toByteArray();
    }

    public static void main(String[] arguments) throws Exception {
        folder = Path.of(arguments[0]);
        for (String kind : new String[] { "empty", "tiny", "zeros", "random", "skewed", "text" }) {
            byte[] content = sample(kind);
            write("gzip_kafka_" + kind, kafka(Compression.gzip().build(), content));
            write("snappy_kafka_" + kind, kafka(Compression.snappy().build(), content));
            write("snappy_bare_" + kind, org.xerial.snappy.Snappy.compress(content));
            for (int level : new int[] { 1, 17 }) write("lz4_kafka" + level + "_" + kind, kafka(Compression.lz4().level(level).build(), content));
            for (int level : new int[] { -50, 1, 3, 9, 19 }) write("zstd_kafka" + level + "_" + kind, kafka(Compression.zstd().level(level).build(), content));
            write("zstd_sized_" + kind, Zstd.compress(content, 6));
        }
        byte[] text = sample("text");
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int part = 0; part < 4; part++) {
            ByteArrayOutputStream one = new ByteArrayOutputStream();
            try (LZ4FrameOutputStream stream = new LZ4FrameOutputStream(one, LZ4FrameOutputStream.BLOCKSIZE.SIZE_256KB, 10_000,
                    LZ4FrameOutputStream.FLG.Bits.BLOCK_CHECKSUM, LZ4FrameOutputStream.FLG.Bits.CONTENT_CHECKSUM,
                    LZ4FrameOutputStream.FLG.Bits.CONTENT_SIZE, LZ4FrameOutputStream.FLG.Bits.BLOCK_INDEPENDENCE)) {
                stream.write(text, part * 10_000, 10_000);
            }
            frames.write(one.toByteArray());
            frames.write(new byte[] { 0x50, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3 });
        }
        write("lz4_checksums_text", frames.toByteArray());
        for (int level : new int[] { 1, 3, 6, 12, 22 }) write("zstd_checksum" + level + "_long", zstd(sample("long"), level, level == 12 ? 20 : 0));
        write("gzip_kafka_long", kafka(Compression.gzip().build(), sample("long")));
        write("snappy_kafka_long", kafka(Compression.snappy().build(), sample("long")));
        write("lz4_kafka9_long", kafka(Compression.lz4().level(9).build(), sample("long")));
    }
}
