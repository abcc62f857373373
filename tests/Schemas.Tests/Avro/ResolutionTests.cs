using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

public class ResolutionTests
{
    static object? Resolve(string writer, string reader, object? datum)
    {
        var from = AvroSchema.Parse(writer);
        return new DatumReader(from, AvroSchema.Parse(reader)).Read(DatumWriter.ToBytes(from, datum));
    }

    static readonly string[] Primitives = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

    /// <summary>The specification's promotions; everything else between primitive types is refused, here and by the compatibility check.</summary>
    [Fact]
    public void Promotion_matrix()
    {
        var promotions = new HashSet<(string, string)> { ("int", "long"), ("int", "float"), ("int", "double"), ("long", "float"), ("long", "double"), ("float", "double"), ("string", "bytes"), ("bytes", "string") };
        foreach (var w in Primitives)
        {
            foreach (var r in Primitives)
            {
                var (writer, reader) = (AvroSchema.Parse($"\"{w}\""), AvroSchema.Parse($"\"{r}\""));
                var allowed = w == r || promotions.Contains((w, r));
                Assert.Equal(allowed, SchemaCompatibility.CanRead(reader, writer).Count == 0);
                if (allowed) _ = new DatumReader(writer, reader);
                else Assert.Throws<AvroException>(() => new DatumReader(writer, reader));
            }
        }
    }

    [Theory]
    [InlineData("int", "long", 7, 7L)]
    [InlineData("int", "float", 7, 7f)]
    [InlineData("int", "double", 7, 7d)]
    [InlineData("long", "float", 7L, 7f)]
    [InlineData("long", "double", 7L, 7d)]
    [InlineData("float", "double", 1.5f, 1.5d)]
    public void Promoted_values(string writer, string reader, object datum, object expected) => Assert.Equal(expected, Resolve($"\"{writer}\"", $"\"{reader}\"", datum));

    [Fact]
    public void Strings_and_bytes_are_the_same_bytes()
    {
        Assert.Equal("é"u8.ToArray(), Resolve("\"string\"", "\"bytes\"", "é"));
        Assert.Equal("é", Resolve("\"bytes\"", "\"string\"", "é"u8.ToArray()));
        Assert.Throws<AvroException>(() => Resolve("\"bytes\"", "\"string\"", new byte[] { 0xFF }));
    }

    const string V1 = """{"type":"record","name":"shop.Order","fields":[{"name":"id","type":"int"},{"name":"gone","type":{"type":"array","items":"string"}},{"name":"qty","type":"int"}]}""";
    const string V2 = """{"type":"record","name":"store.Purchase","aliases":["shop.Order"],"fields":[{"name":"note","type":["null","string"],"default":null},{"name":"amount","aliases":["qty"],"type":["null","double"]},{"name":"id","type":"long"},{"name":"tags","type":{"type":"array","items":"string"},"default":["x"]}]}""";

    [Fact]
    public void Records_by_alias_with_defaults_reordered_and_promoted()
    {
        var writer = (RecordSchema)AvroSchema.Parse(V1);
        var record = (GenericRecord)Resolve(V1, V2, new GenericRecord(writer, [5, new List<object?> { "a", "b" }, 3]))!;
        Assert.Equal("store.Purchase", record.Schema.TypeName);
        Assert.Null(record["note"]);
        Assert.Equal(3d, record["amount"]);
        Assert.Equal(5L, record["id"]);
        Assert.Equal(["x"], (IReadOnlyList<object?>)record["tags"]!);
    }

    [Fact]
    public void Transcoding_gives_the_readers_binary()
    {
        var (writer, reader) = ((RecordSchema)AvroSchema.Parse(V1), AvroSchema.Parse(V2));
        var transcoded = new Transcoder(writer, reader).Transcode(DatumWriter.ToBytes(writer, new GenericRecord(writer, [5, new List<object?> { "a" }, 3])));
        Assert.Equal("00" + "020000000000000840" + "0A" + "02027800", Convert.ToHexString(transcoded));
    }

    [Fact]
    public void Short_names_match_across_namespaces()
    {
        const string A = """{"type":"record","name":"R","namespace":"a","fields":[]}""";
        _ = new DatumReader(AvroSchema.Parse(A), AvroSchema.Parse(A.Replace("\"a\"", "\"b\"", StringComparison.Ordinal)));
        Assert.Throws<AvroException>(() => new DatumReader(AvroSchema.Parse(A), AvroSchema.Parse(A.Replace("\"R\"", "\"S\"", StringComparison.Ordinal))));
    }

    [Fact]
    public void A_field_that_the_writer_lacks_needs_a_default()
    {
        var error = Assert.Throws<AvroException>(() => new DatumReader(AvroSchema.Parse("""{"type":"record","name":"R","fields":[]}"""),
            AvroSchema.Parse("""{"type":"record","name":"R","fields":[{"name":"x","type":"int"}]}""")));
        Assert.Contains(".x: the writer's record has no such field", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unions_on_either_side()
    {
        Assert.Equal(7, Resolve("[\"null\",\"int\"]", "\"int\"", 7));
        Assert.Throws<AvroException>(() => Resolve("[\"null\",\"int\"]", "\"int\"", null));
        Assert.Equal(7L, Resolve("\"int\"", "[\"null\",\"long\"]", 7));
        Assert.Equal(7, Resolve("\"int\"", "[\"double\",\"int\"]", 7));
        Assert.Equal(7d, Resolve("\"int\"", "[\"null\",\"double\",\"long\"]", 7));
        Assert.Equal("a", Resolve("[\"int\",\"string\"]", "[\"string\",\"long\"]", "a"));
        Assert.Equal(1L, Resolve("[\"int\",\"string\"]", "[\"string\",\"long\"]", 1));
        Assert.Throws<AvroException>(() => new DatumReader(AvroSchema.Parse("[\"int\"]"), AvroSchema.Parse("[\"null\",\"string\"]")));
    }

    [Fact]
    public void A_unions_branch_is_taken_by_full_name_first()
    {
        const string Union = """[{"type":"record","name":"a.R","fields":[]},{"type":"record","name":"b.R","fields":[]}]""";
        var b = (RecordSchema)((UnionSchema)AvroSchema.Parse(Union)).Branches[1];
        Assert.Equal("b.R", ((GenericRecord)Resolve(Union, Union, new GenericRecord(b, []))!).Schema.TypeName);
    }

    [Fact]
    public void Unknown_symbols_are_the_readers_default_or_an_error()
    {
        const string Writer = """{"type":"enum","name":"E","symbols":["A","B"]}""";
        var b = new GenericEnum((EnumSchema)AvroSchema.Parse(Writer), "B");
        Assert.Equal("C", Resolve(Writer, """{"type":"enum","name":"E","symbols":["C","A"],"default":"C"}""", b)!.ToString());
        Assert.Equal("B", Resolve(Writer, """{"type":"enum","name":"E","symbols":["C","B"],"default":"C"}""", b)!.ToString());
        Assert.Throws<AvroException>(() => Resolve(Writer, """{"type":"enum","name":"E","symbols":["A"]}""", b));
    }

    [Fact]
    public void Records_that_contain_themselves()
    {
        const string List = """{"type":"record","name":"L","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","L"],"default":null}]}""";
        var writer = (RecordSchema)AvroSchema.Parse(List);
        var list = (GenericRecord)Resolve(List, List.Replace("\"int\"", "\"long\"", StringComparison.Ordinal),
            new GenericRecord(writer, [1, new GenericRecord(writer, [2, null])]))!;
        Assert.Equal(2L, ((GenericRecord)list["next"]!)["v"]);
        Assert.Empty(SchemaCompatibility.CanRead(AvroSchema.Parse(List), writer));
        Assert.NotEmpty(SchemaCompatibility.CanRead(AvroSchema.Parse(List.Replace("\"int\"", "\"boolean\"", StringComparison.Ordinal)), writer));
    }

    [Fact]
    public void Decimals_of_another_scale_are_another_number()
    {
        const string Two = """{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}""";
        Assert.Throws<AvroException>(() => new DatumReader(AvroSchema.Parse(Two), AvroSchema.Parse(Two.Replace("2}", "3}", StringComparison.Ordinal))));
        _ = new DatumReader(AvroSchema.Parse(Two), AvroSchema.Parse("\"bytes\""));
    }

    [Fact]
    public void Fixed_needs_name_and_size()
    {
        const string F = """{"type":"fixed","name":"F","size":2}""";
        Assert.Throws<AvroException>(() => new DatumReader(AvroSchema.Parse(F), AvroSchema.Parse(F.Replace("2}", "3}", StringComparison.Ordinal))));
        Assert.Throws<AvroException>(() => new DatumReader(AvroSchema.Parse(F), AvroSchema.Parse(F.Replace("\"F\"", "\"G\"", StringComparison.Ordinal))));
    }
}
