using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

/// <summary>The examples of the specification, "Binary Encoding".</summary>
public class BinaryTests
{
    static string Encode(string schema, object? datum) => Convert.ToHexString(DatumWriter.ToBytes(AvroSchema.Parse(schema), datum));

    static object? Decode(string schema, string hex) => new DatumReader(AvroSchema.Parse(schema)).Read(Convert.FromHexString(hex));

    [Theory]
    [InlineData(0, "00")]
    [InlineData(-1, "01")]
    [InlineData(1, "02")]
    [InlineData(-2, "03")]
    [InlineData(2, "04")]
    [InlineData(-64, "7F")]
    [InlineData(64, "8001")]
    [InlineData(8192, "808001")]
    [InlineData(long.MaxValue, "FEFFFFFFFFFFFFFFFF01")]
    [InlineData(long.MinValue, "FFFFFFFFFFFFFFFFFF01")]
    public void Longs_are_zig_zag(long value, string hex)
    {
        Assert.Equal(hex, Encode("\"long\"", value));
        Assert.Equal(value, Decode("\"long\"", hex));
    }

    [Theory]
    [InlineData("\"null\"", null, "")]
    [InlineData("\"boolean\"", true, "01")]
    [InlineData("\"boolean\"", false, "00")]
    [InlineData("\"int\"", int.MinValue, "FFFFFFFF0F")]
    [InlineData("\"string\"", "foo", "06666F6F")]
    [InlineData("\"string\"", "é", "04C3A9")]
    [InlineData("\"float\"", 1.5f, "0000C03F")]
    [InlineData("\"double\"", -2.0, "00000000000000C0")]
    [InlineData("[\"null\",\"string\"]", null, "00")]
    [InlineData("[\"null\",\"string\"]", "a", "020261")]
    public void Specification_examples(string schema, object? datum, string hex)
    {
        Assert.Equal(hex, Encode(schema, datum));
        Assert.Equal(datum, Decode(schema, hex));
    }

    [Fact]
    public void Record_and_array_of_the_specification()
    {
        var record = (RecordSchema)AvroSchema.Parse("""{"type":"record","name":"test","fields":[{"name":"a","type":"long"},{"name":"b","type":"string"}]}""");
        Assert.Equal("3606666F6F", Convert.ToHexString(DatumWriter.ToBytes(record, new GenericRecord(record, [27L, "foo"]))));
        Assert.Equal("04063600", Encode("""{"type":"array","items":"long"}""", new List<object?> { 3L, 27L }));
        Assert.Equal(new List<object?> { 3L, 27L }, Decode("""{"type":"array","items":"long"}""", "0304063600"));
        Assert.Equal(new List<object?> { 3L, 27L }, Decode("""{"type":"array","items":"long"}""", "0206023600"));
    }

    [Fact]
    public void Maps_are_written_in_ordinal_order() =>
        Assert.Equal(Encode("""{"type":"map","values":"int"}""", new Dictionary<string, object?> { ["a"] = 1, ["B"] = 2 }),
            Encode("""{"type":"map","values":"int"}""", new Dictionary<string, object?> { ["B"] = 2, ["a"] = 1 }));

    [Theory]
    [InlineData("\"boolean\"", "02")]
    [InlineData("\"int\"", "8080808010")]
    [InlineData("\"int\"", "80")]
    [InlineData("\"long\"", "FFFFFFFFFFFFFFFFFF02")]
    [InlineData("\"long\"", "FFFFFFFFFFFFFFFFFFFF01")]
    [InlineData("\"string\"", "04C3")]
    [InlineData("\"string\"", "02C3")]
    [InlineData("\"string\"", "06EDA080")]
    [InlineData("\"string\"", "04C080")]
    [InlineData("\"string\"", "01")]
    [InlineData("\"double\"", "00000000000000")]
    [InlineData("\"null\"", "00")]
    [InlineData("[\"null\",\"int\"]", "04")]
    [InlineData("[\"null\",\"int\"]", "01")]
    [InlineData("""{"type":"enum","name":"E","symbols":["A"]}""", "02")]
    [InlineData("""{"type":"array","items":"long"}""", "FFFFFFFFFFFFFFFFFF01")]
    public void Malformed_data_are_refused(string schema, string hex) => Assert.Throws<AvroException>(() => Decode(schema, hex));

    [Fact]
    public void Data_that_do_not_fit_are_refused_with_the_place()
    {
        var schema = (RecordSchema)AvroSchema.Parse("""{"type":"record","name":"R","fields":[{"name":"list","type":{"type":"array","items":"int"}}]}""");
        var error = Assert.Throws<AvroException>(() => DatumWriter.ToBytes(schema, new GenericRecord(schema, [new List<object?> { 1, "two" }])));
        Assert.Equal("list: 'int' expected, found String", error.Message);
        Assert.Throws<AvroException>(() => Encode("\"string\"", "half \uD800 pair"));
        Assert.Throws<AvroException>(() => Encode("[\"null\",\"int\"]", 1L));
    }

    [Fact]
    public void Single_object_header_round_trips()
    {
        var schema = AvroSchema.Parse("\"int\"");
        var output = new System.Buffers.ArrayBufferWriter<byte>();
        SingleObject.WriteHeader(output, schema.Fingerprint64);
        DatumWriter.Write(schema, 1, output);
        Assert.Equal("C3018F5C393F1AD5757202", Convert.ToHexString(output.WrittenSpan));
        Assert.True(SingleObject.TryRead(output.WrittenSpan, out var fingerprint, out var payload));
        Assert.Equal(schema.Fingerprint64, fingerprint);
        Assert.Equal([2], payload.ToArray());
        Assert.False(SingleObject.TryRead([0xC3, 1, 0], out _, out _));
    }
}
