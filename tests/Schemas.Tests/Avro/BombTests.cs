using System.Diagnostics;
using System.Text;
using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

/// <summary>Small inputs that ask for much: each is refused quickly and with little memory.</summary>
public class BombTests
{
    const long MemoryLimit = 64L * 1024 * 1024;

    static void Refused(Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        Assert.Throws<AvroException>(action);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < MemoryLimit, "too much memory");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), "too slow");
    }

    static byte[] Longs(params long[] values)
    {
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        foreach (var value in values) new AvroWriter(output).WriteLong(value);
        return output.WrittenSpan.ToArray();
    }

    static void Read(string schema, byte[] data)
    {
        var reader = new DatumReader(AvroSchema.Parse(schema));
        Refused(() => reader.Read(data));
    }

    [Theory]
    [InlineData("\"bytes\"", long.MaxValue)]
    [InlineData("\"string\"", int.MaxValue)]
    [InlineData("\"string\"", -1)]
    [InlineData("""{"type":"array","items":"int"}""", int.MaxValue)]
    [InlineData("""{"type":"array","items":"int"}""", long.MaxValue)]
    [InlineData("""{"type":"array","items":"null"}""", AvroReader.MaxZeroByteItems + 1)]
    [InlineData("""{"type":"array","items":"null"}""", long.MaxValue)]
    [InlineData("""{"type":"array","items":{"type":"record","name":"E","fields":[]}}""", 1_000_000)]
    [InlineData("""{"type":"array","items":{"type":"fixed","name":"F","size":0}}""", 1_000_000)]
    [InlineData("""{"type":"map","values":"null"}""", 1_000_000)]
    [InlineData("""{"type":"array","items":{"type":"fixed","name":"F","size":2147483647}}""", 2)]
    public void Lengths_and_counts_beyond_the_data(string schema, long length) => Read(schema, [.. Longs(length), 0, 0, 0, 0]);

    [Theory]
    [InlineData(long.MinValue, 0)]
    [InlineData(-5, long.MaxValue)]
    [InlineData(-5, -1)]
    public void Blocks_with_impossible_sizes(long count, long size) => Read("""{"type":"array","items":"int"}""", Longs(count, size));

    [Fact]
    public void Null_items_are_bounded_over_all_blocks() => Read("""{"type":"array","items":"null"}""", Longs([.. Enumerable.Repeat(50_000L, 1000), 0]));

    [Fact]
    public void Zero_byte_items_within_the_bound_are_read()
    {
        var read = new DatumReader(AvroSchema.Parse("""{"type":"array","items":"null"}""")).Read(Longs(AvroReader.MaxZeroByteItems, 0));
        Assert.Equal(AvroReader.MaxZeroByteItems, ((IReadOnlyList<object?>)read!).Count);
    }

    [Fact]
    public void Data_nested_too_deeply()
    {
        const string List = """{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}""";
        var reader = new DatumReader(AvroSchema.Parse(List));
        Refused(() => reader.Read(Enumerable.Repeat((byte)2, 1_000_000).Append((byte)0).ToArray()));
        Refused(() => reader.Read([.. Enumerable.Repeat((byte)2, GenericDatum.MaxDepth), 0]));
        _ = reader.Read([.. Enumerable.Repeat((byte)2, GenericDatum.MaxDepth - 1), 0]);
    }

    [Fact]
    public void Data_written_too_deeply()
    {
        var schema = (RecordSchema)AvroSchema.Parse("""{"type":"record","name":"L","fields":[{"name":"next","type":["null","L"]}]}""");
        GenericRecord? list = null;
        for (var i = 0; i < 100_000; i++) list = new GenericRecord(schema, [list]);
        Refused(() => DatumWriter.ToBytes(schema, list));
    }

    /// <summary>Record n holds record n-1 twice: 2^60 empty records in no byte at all.</summary>
    [Fact]
    public void Records_that_double_without_bytes()
    {
        var reader = new DatumReader(AvroSchema.Parse(Doubling(60, "")));
        Refused(() => reader.Read([]));
    }

    [Fact]
    public void Defaults_that_double() => Refused(() => AvroSchema.Parse(Doubling(60, ",\"default\":{}")));

    static string Doubling(int levels, string more)
    {
        var fields = new StringBuilder("""{"name":"f0","type":{"type":"record","name":"R0","fields":[]}}""");
        for (var i = 1; i < levels; i++)
        {
            var inner = $$"""{"name":"a","type":"R{{i - 1}}"{{more}}},{"name":"b","type":"R{{i - 1}}"{{more}}}""";
            fields.Append($$$""",{"name":"f{{{i}}}","type":{"type":"record","name":"R{{{i}}}","fields":[{{{inner}}}]}}""");
        }
        return $$"""{"type":"record","name":"Root","fields":[{{fields}}]}""";
    }

    [Fact]
    public void A_default_that_contains_itself() =>
        Refused(() => AvroSchema.Parse("""{"type":"record","name":"R","fields":[{"name":"next","type":"R","default":{}}]}"""));

    [Theory]
    [InlineData(20)]
    [InlineData(65)]
    [InlineData(100_000)]
    public void Schemas_nested_too_deeply(int levels)
    {
        var json = string.Concat(Enumerable.Repeat("""{"type":"array","items":""", levels)) + "\"int\"" + new string('}', levels);
        if (levels < 64) _ = AvroSchema.Parse(json);
        else Refused(() => AvroSchema.Parse(json));
    }

    [Fact]
    public void Schemas_that_are_too_large() => Refused(() => AvroSchema.Parse($$"""{"type":"int","doc":"{{new string('x', 1024 * 1024)}}"}"""));

    /// <summary>Each record refers to the one before: deep by names though the JSON is flat.</summary>
    [Fact]
    public void A_long_chain_of_names_compares_and_compiles()
    {
        var fields = new StringBuilder("""{"name":"f0","type":{"type":"record","name":"R0","fields":[]}}""");
        for (var i = 1; i < 8000; i++) fields.Append($$$""",{"name":"f{{{i}}}","type":{"type":"record","name":"R{{{i}}}","fields":[{"name":"a","type":"R{{{i - 1}}}"}]}}""");
        var chain = AvroSchema.Parse($$"""{"type":"record","name":"Root","fields":[{{fields}}]}""");
        Assert.Empty(SchemaCompatibility.CanRead(chain, chain));
        Refused(() => new DatumReader(chain).Read([]));
    }

    [Fact]
    public void A_block_that_inflates_beyond_the_limit()
    {
        var schema = AvroSchema.Parse("\"bytes\"");
        using var file = new MemoryStream();
        using (var writer = new ContainerWriter(file, schema)) writer.Write(new byte[40 * 1024 * 1024]);
        Assert.True(file.Length < 200_000);
        var bytes = file.ToArray();
        Refused(() => new ContainerReader(new MemoryStream(bytes), maxBlockBytes: 1024 * 1024).ReadAll().Count());
    }

    [Fact]
    public void Container_headers_and_blocks_that_promise_too_much()
    {
        Refused(() => new ContainerReader(new MemoryStream([.. "Obj\u0001"u8, .. Longs(long.MaxValue)])));
        Refused(() => new ContainerReader(new MemoryStream([.. "Obj\u0001"u8, .. Longs(1, 1_000_000_000)])));
        using var file = new MemoryStream();
        using (var writer = new ContainerWriter(file, AvroSchema.Parse("\"null\""), ContainerCodec.Null)) writer.Write(null);
        var header = file.ToArray()[..^(2 + 16)];
        Refused(() => new ContainerReader(new MemoryStream([.. header, .. Longs(1, 1_000_000_000)])).ReadAll().Count());
        Refused(() => new ContainerReader(new MemoryStream([.. header, .. Longs(1, 60_000_000), 1])).ReadAll().Count());
        Refused(() => new ContainerReader(new MemoryStream([.. header, .. Longs(long.MaxValue, 0), .. header[^16..]])).ReadAll().Count());
    }
}
