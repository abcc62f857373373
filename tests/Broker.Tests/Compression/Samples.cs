using System.Text;

namespace Streams.Broker.Tests.Compression;

/// <summary>The contents of the vectors, made as vectors/Vectors.java makes them, so that only the compressed bytes are kept.</summary>
internal static class Samples
{
    public static IEnumerable<string> Kinds => ["empty", "tiny", "zeros", "random", "skewed", "text", "long"];

    public static byte[] Of(string kind)
    {
        var random = new Generator();
        return kind switch
        {
            "empty" => [],
            "tiny" => Encoding.UTF8.GetBytes("streams"),
            "zeros" => new byte[300_000],
            "random" => Bytes(random, 2_000, 256, 1),
            "skewed" => Bytes(random, 20_000, 64, 3),
            "text" => Text(random, 40_000),
            "long" => Text(random, 200_000),
            _ => throw new ArgumentException(kind),
        };
    }

    private static byte[] Bytes(Generator random, int count, int below, int draws)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++)
        {
            var least = below;
            for (var d = 0; d < draws; d++) least = Math.Min(least, random.Next(below));
            bytes[i] = (byte)least;
        }
        return bytes;
    }

    private static byte[] Text(Generator random, int count)
    {
        string[] kinds = ["kwh", "requests", "tokens", "seconds", "bytes_out"];
        var text = new StringBuilder();
        while (text.Length < count)
        {
            text.Append("{\"source\":\"meter-").Append(random.Next(40)).Append("\",\"id\":").Append(text.Length)
                .Append(",\"kind\":\"").Append(kinds[random.Next(kinds.Length)]).Append("\",\"value\":").Append(random.Next(1000)).Append("}\n");
        }
        return Encoding.UTF8.GetBytes(text.ToString(0, count));
    }

    private sealed class Generator
    {
        private ulong _state = 7;

        public int Next(int below)
        {
            _state = unchecked(_state * 6364136223846793005 + 1442695040888963407);
            return (int)((_state >> 33) % (ulong)below);
        }
    }
}
