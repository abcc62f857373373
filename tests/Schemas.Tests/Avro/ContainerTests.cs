using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

public class ContainerTests
{
    static byte[] File(ContainerCodec codec, int count)
    {
        using var file = new MemoryStream();
        using (var writer = new ContainerWriter(file, AvroSchema.Parse("\"string\""), codec, new byte[16], blockBytes: 100))
        {
            for (var i = 0; i < count; i++) writer.Write($"datum {i}");
        }
        return file.ToArray();
    }

    [Theory]
    [InlineData(ContainerCodec.Null)]
    [InlineData(ContainerCodec.Deflate)]
    public void Round_trips_over_many_blocks(ContainerCodec codec)
    {
        var read = new ContainerReader(new MemoryStream(File(codec, 1000)));
        Assert.Equal("\"string\"", read.Schema.ToJson());
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (object?)$"datum {i}"), read.ReadAll());
    }

    [Fact]
    public void Reads_as_another_schema() =>
        Assert.Equal("datum 0"u8.ToArray(), new ContainerReader(new MemoryStream(File(ContainerCodec.Deflate, 1)), AvroSchema.Parse("\"bytes\"")).ReadAll().Single());

    [Fact]
    public void A_file_of_no_data_and_one_of_data_without_bytes()
    {
        Assert.Empty(new ContainerReader(new MemoryStream(File(ContainerCodec.Deflate, 0))).ReadAll());
        using var file = new MemoryStream();
        using (var writer = new ContainerWriter(file, AvroSchema.Parse("\"null\""))) { writer.Write(null); writer.Write(null); }
        file.Position = 0;
        Assert.Equal(2, new ContainerReader(file).ReadAll().Count());
    }

    [Fact]
    public void A_datum_that_does_not_fit_leaves_the_file_whole()
    {
        using var file = new MemoryStream();
        using (var writer = new ContainerWriter(file, AvroSchema.Parse("""{"type":"array","items":"int"}""")))
        {
            writer.Write(new List<object?> { 1 });
            Assert.Throws<AvroException>(() => writer.Write(new List<object?> { 1, 2, "three" }));
            writer.Write(new List<object?> { 2 });
        }
        file.Position = 0;
        Assert.Equal(2, new ContainerReader(file).ReadAll().Count());
    }

    [Fact]
    public void A_broken_sync_marker_and_every_truncation_are_noticed()
    {
        var whole = File(ContainerCodec.Null, 30);
        var ends = new List<int>();
        for (var length = 0; length < whole.Length; length++)
        {
            try
            {
                _ = new ContainerReader(new MemoryStream(whole[..length])).ReadAll().Count();
                ends.Add(length);
            }
            catch (AvroException)
            {
            }
        }
        Assert.InRange(ends.Count, 1, 5); // Only where a block ends is a truncation not to be seen.
        whole[^1] ^= 1;
        Assert.Contains("sync", Assert.Throws<AvroException>(() => new ContainerReader(new MemoryStream(whole)).ReadAll().Count()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_codecs_are_refused_by_name()
    {
        var file = File(ContainerCodec.Deflate, 1);
        "deflatf"u8.CopyTo(file.AsSpan(file.AsSpan().IndexOf("deflate"u8)));
        Assert.Contains("deflatf", Assert.Throws<AvroException>(() => new ContainerReader(new MemoryStream(file))).Message, StringComparison.Ordinal);
    }
}
