using System.Diagnostics;
using Streams.Broker.Compression;

namespace Streams.Broker.Tests.Compression;

/// <summary>The codecs against real encoders, against themselves, and against bytes that nobody should send.</summary>
public sealed class CodecTests
{
    private const int Limit = 1 << 20;

    public static TheoryData<string> Vectors => [.. Directory.GetFiles(Folder, "*.bin").Select(f => Path.GetFileNameWithoutExtension(f)).Order()];

    public static TheoryData<int, string> Written
    {
        get
        {
            var data = new TheoryData<int, string>();
            foreach (var codec in new[] { Codec.None, Codec.Gzip, Codec.Snappy, Codec.Lz4 })
            foreach (var kind in Samples.Kinds.Where(k => k != "empty")) data.Add((int)codec, kind);
            return data;
        }
    }

    private static string Folder => Path.Combine(Checkout.Root, "tests", "Broker.Tests", "Compression", "vectors");

    [Theory]
    [MemberData(nameof(Vectors))]
    public void What_the_libraries_of_the_java_client_wrote_is_read(string vector)
    {
        using var buffer = new BoundedBuffer(Limit);
        Codecs.Decompress(CodecOf(vector), Bytes(vector), buffer);
        Assert.True(buffer.Written.SequenceEqual(Samples.Of(vector.Split('_')[2])));
    }

    [Theory]
    [MemberData(nameof(Vectors))]
    public void What_is_larger_than_allowed_is_refused_and_what_is_cut_off_is_at_most_a_beginning(string vector)
    {
        var (codec, bytes, content) = (CodecOf(vector), Bytes(vector), Samples.Of(vector.Split('_')[2]));
        if (content.Length > 0) Assert.True(Assert.Throws<CompressionException>(() => Decompress(codec, bytes, content.Length - 1)).IsTooLarge);
        for (var length = 0; length < bytes.Length; length += 1 + length / 50)
        {
            using var buffer = new BoundedBuffer(content.Length);
            if (TryDecompress(codec, bytes.AsSpan(0, length), buffer)) Assert.True(content.AsSpan().StartsWith(buffer.Written));
            if (codec is Codec.Lz4 or Codec.Zstd && !vector.StartsWith("lz4_checksums")) Assert.False(TryDecompress(codec, bytes.AsSpan(0, length), buffer));
        }
    }

    [Theory]
    [MemberData(nameof(Written))]
    public void What_is_written_is_read_back(int codec, string kind)
    {
        var content = Samples.Of(kind);
        var compressed = Codecs.Compress((Codec)codec, content);
        Assert.True(compressed.Length <= content.Length + content.Length / 6 + 64);
        Assert.Equal(content, Decompress((Codec)codec, compressed, content.Length));
    }

    [Fact]
    public void Random_contents_are_read_back()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var run = 0; run < Tier.Of(300, 5000); run++)
        {
            var content = Repetitive(random, random.Next(1, 1 << random.Next(1, 18)));
            foreach (var codec in new[] { Codec.Gzip, Codec.Snappy, Codec.Lz4 })
                Assert.True(Decompress(codec, Codecs.Compress(codec, content), content.Length).AsSpan().SequenceEqual(content), $"seed {seed}, run {run}, {codec}");
        }
    }

    /// <summary>The commands of the two libraries write what Java's do not: streams without sizes, linked blocks, long windows, every level.</summary>
    [SkippableFact]
    public async Task What_the_commands_zstd_and_lz4_wrote_is_read()
    {
        Skip.If(Checkout.Program("zstd") is null || Checkout.Program("lz4") is null, "zstd or lz4 is not installed");
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var run = 0; run < Tier.Of(12, 300); run++)
        {
            var content = Repetitive(random, random.Next(1, 1 << random.Next(1, 20)));
            var level = random.Next(1, 20);
            foreach (var (codec, command) in new[] { (Codec.Zstd, $"-q -c -{level}{(run % 2 == 0 ? " --long=22 --no-check" : "")}"), (Codec.Lz4, $"-q -c -{level % 12 + 1} -BD -B{random.Next(4, 8)}{(run % 2 == 0 ? " -BX" : "")}") })
            {
                var program = codec == Codec.Zstd ? "zstd" : "lz4";
                // The commands are no part of what is tested; under load they fail now and then.
                var compressed = await PipedAsync(program, command, content) ?? await PipedAsync(program, command, content);
                Assert.True(compressed is not null, $"seed {seed}, run {run}: {program} {command} fails");
                Assert.True(Decompress(codec, compressed, content.Length).AsSpan().SequenceEqual(content), $"seed {seed}, run {run}, {codec} {command}");
            }
        }
    }

    /// <summary>Whatever a client sends: an answer or a <see cref="CompressionException"/>, within the limit and at once.</summary>
    [Fact]
    public void Mutated_inputs_are_refused_or_read_but_break_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var vectors = Directory.GetFiles(Folder, "*.bin").Where(f => !f.Contains("_long") && !f.Contains("empty")).Select(f => (Name: Path.GetFileNameWithoutExtension(f), Bytes: File.ReadAllBytes(f))).ToArray();
        for (var run = 0; run < Tier.Of(30_000, 1_000_000); run++)
        {
            var (name, original) = vectors[random.Next(vectors.Length)];
            var bytes = Mutate(original, random);
            try
            {
                using var buffer = new BoundedBuffer(350_000);
                TryDecompress(CodecOf(name), bytes, buffer);
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, run {run}, {name}: {e}");
            }
        }
    }

    [Fact]
    public void A_bomb_is_refused_before_it_takes_memory()
    {
        var zeros = new byte[64 << 20];
        foreach (var codec in new[] { Codec.Gzip, Codec.Snappy, Codec.Lz4 })
        {
            var bomb = Codecs.Compress(codec, zeros);
            var before = GC.GetAllocatedBytesForCurrentThread();
            Assert.True(Assert.Throws<CompressionException>(() => Decompress(codec, bomb, 1 << 16)).IsTooLarge);
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < bomb.Length + (1 << 18), $"{codec}");
        }
        // A Zstandard frame of one repeated block after another.
        byte[] frames = [0x28, 0xB5, 0x2F, 0xFD, 0, 0x58, .. Enumerable.Range(0, 1000).SelectMany(_ => new byte[] { 0x02, 0, 0x10, 0 })];
        Assert.True(Assert.Throws<CompressionException>(() => Decompress(Codec.Zstd, frames, 1 << 20)).IsTooLarge);
    }

    private static byte[] Repetitive(Random random, int length)
    {
        var content = new byte[length];
        for (var i = 0; i < length; i++)
        {
            if (i <= 10 || random.Next(8) > 0) content[i] = (byte)random.Next(1 + random.Next(256));
            else for (var (from, end) = (random.Next(i), Math.Min(length, i + random.Next(3, 200))); i < end; i++) content[i] = content[from++];
        }
        return content;
    }

    /// <summary>Null where the command failed.</summary>
    private static async Task<byte[]?> PipedAsync(string program, string arguments, byte[] content)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        var output = new MemoryStream();
        var reading = process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.StandardInput.BaseStream.WriteAsync(content);
        process.StandardInput.Close();
        await reading;
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output.ToArray() : null;
    }

    private static byte[] Mutate(byte[] original, Random random)
    {
        var bytes = (byte[])original.Clone();
        for (var changes = random.Next(1, 5); changes > 0; changes--)
        {
            // The headers are where the decisions are.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, 40) : bytes.Length);
            bytes[at] = random.Next(3) switch { 0 => (byte)random.Next(256), 1 => (byte)(bytes[at] ^ 1 << random.Next(8)), _ => (byte)(random.Next(2) * 255) };
        }
        return random.Next(5) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static bool TryDecompress(Codec codec, ReadOnlySpan<byte> bytes, BoundedBuffer buffer)
    {
        try
        {
            Codecs.Decompress(codec, bytes, buffer);
            return true;
        }
        catch (CompressionException)
        {
            return false;
        }
    }

    private static byte[] Decompress(Codec codec, byte[] bytes, int limit)
    {
        using var buffer = new BoundedBuffer(limit);
        Codecs.Decompress(codec, bytes, buffer);
        return buffer.Written.ToArray();
    }

    private static Codec CodecOf(string vector) => Enum.Parse<Codec>(vector.Split('_')[0], ignoreCase: true);

    private static byte[] Bytes(string vector) => File.ReadAllBytes(Path.Combine(Folder, vector + ".bin"));
}
