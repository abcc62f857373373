using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

public class SchemaTests
{
    /// <summary>Vectors of the specification's reference implementation (share/test/data/schema-tests.txt).</summary>
    [Theory]
    [InlineData("\"null\"", "\"null\"", 7195948357588979594L)]
    [InlineData("{\"type\":\"null\"}", "\"null\"", 7195948357588979594L)]
    [InlineData("\"boolean\"", "\"boolean\"", -6970731678124411036L)]
    [InlineData("\"int\"", "\"int\"", 8247732601305521295L)]
    [InlineData("\"long\"", "\"long\"", -3434872931120570953L)]
    [InlineData("\"float\"", "\"float\"", 5583340709985441680L)]
    [InlineData("\"double\"", "\"double\"", -8181574048448539266L)]
    [InlineData("\"bytes\"", "\"bytes\"", 5746618253357095269L)]
    [InlineData("\"string\"", "\"string\"", -8142146995180207161L)]
    [InlineData("[  \"int\"  ]", "[\"int\"]", -5232228896498058493L)]
    [InlineData("[\"int\",\"boolean\"]", "[\"int\",\"boolean\"]", 5392556393470105090L)]
    [InlineData("""{"fields":[], "type":"record", "name":"foo"}""", """{"name":"foo","type":"record","fields":[]}""", -4824392279771201922L)]
    [InlineData("""{"fields":[], "type":"record", "name":"foo", "namespace":"x.y"}""", """{"name":"x.y.foo","type":"record","fields":[]}""", 5916914534497305771L)]
    [InlineData("""{"fields":[], "type":"record", "name":"a.b.foo", "namespace":"x.y"}""", """{"name":"a.b.foo","type":"record","fields":[]}""", -4616218487480524110L)]
    [InlineData("""{"fields":[], "type":"record", "name":"foo", "doc":"Useful info"}""", """{"name":"foo","type":"record","fields":[]}""", -4824392279771201922L)]
    [InlineData("""{"type":"enum", "name":"foo", "symbols":["A1"]}""", """{"name":"foo","type":"enum","symbols":["A1"]}""", -6342190197741309591L)]
    [InlineData("""{"type":"fixed", "name":"foo", "size":15}""", """{"name":"foo","type":"fixed","size":15}""", 1756455273707447556L)]
    [InlineData("""{ "items":{"type":"null"}, "type":"array"}""", """{"type":"array","items":"null"}""", -589620603366471059L)]
    [InlineData("""{ "values":"string", "type":"map"}""", """{"type":"map","values":"string"}""", -8732877298790414990L)]
    public void Canonical_form_and_fingerprint(string json, string canonical, long fingerprint)
    {
        var schema = AvroSchema.Parse(json);
        Assert.Equal(canonical, schema.CanonicalForm);
        Assert.Equal(unchecked((ulong)fingerprint), schema.Fingerprint64);
    }

    [Fact]
    public void Sha256_is_over_the_canonical_form() =>
        Assert.Equal("3F2B87A9FE7CC9B13835598C3981CD45E3E355309E5090AA0933D7BECB6FBA45", Convert.ToHexString(AvroSchema.Parse("{\"type\":\"int\"}").FingerprintSha256));

    [Theory]
    [InlineData("", "$: ")]
    [InlineData("{", "$: ")]
    [InlineData("1", "$: a schema is")]
    [InlineData("\"nope\"", "$: the type 'nope'")]
    [InlineData("""{"name":"x"}""", "$: 'type' is missing")]
    [InlineData("""{"type":"record","fields":[]}""", "$: 'name' is missing")]
    [InlineData("""{"type":"record","name":"1a","fields":[]}""", "$.name: '1a'")]
    [InlineData("""{"type":"record","name":"a-b","fields":[]}""", "$.name: 'a-b'")]
    [InlineData("""{"type":"record","name":"a..b","fields":[]}""", "$.name: ''")]
    [InlineData("""{"type":"record","name":"int","fields":[]}""", "$.name: 'int' is the name of a primitive")]
    [InlineData("""{"type":"record","name":"r","namespace":"a b","fields":[]}""", "$.namespace: 'a b'")]
    [InlineData("""{"type":"record","name":"r"}""", "$: 'fields' is missing")]
    [InlineData("""{"type":"record","name":"r","fields":{}}""", "$.fields: an array expected")]
    [InlineData("""{"type":"record","name":"r","fields":[1]}""", "$.fields[0]: a field is an object")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"int"},{"name":"a","type":"int"}]}""", "$.fields[1]: the record already has a field 'a'")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a"}]}""", "$.fields[0]: 'type' is missing")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"int","order":"up"}]}""", "$.fields[0].order")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"int","default":"1"}]}""", "$.fields[0].default: \"1\" is not a valid default for 'int'")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"int","default":2147483648}]}""", "$.fields[0].default")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"double","default":1e400}]}""", "$.fields[0].default")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":["null","int"],"default":"x"}]}""", "$.fields[0].default")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":{"type":"fixed","name":"f","size":2},"default":"x"}]}""", "$.fields[0].default")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"bytes","default":"Ā"}]}""", "$.fields[0].default")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"r","default":{}}]}""", "$.fields[0].default")]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"int","aliases":["b c"]}]}""", "$.fields[0].aliases[0]")]
    [InlineData("""{"type":"enum","name":"e","symbols":["A","A"]}""", "$.symbols[1]")]
    [InlineData("""{"type":"enum","name":"e","symbols":["A-"]}""", "$.symbols[0]")]
    [InlineData("""{"type":"enum","name":"e","symbols":["A"],"default":"B"}""", "$.default")]
    [InlineData("""{"type":"enum","name":"e"}""", "$: 'symbols' is missing")]
    [InlineData("""{"type":"fixed","name":"f","size":-1}""", "$.size")]
    [InlineData("""{"type":"fixed","name":"f","size":"1"}""", "$.size")]
    [InlineData("""{"type":"array"}""", "$: 'items' is missing")]
    [InlineData("""{"type":"map"}""", "$: 'values' is missing")]
    [InlineData("""["int","int"]""", "$[1]: the union already has")]
    [InlineData("""["int",["null"]]""", "$[1]: a union cannot")]
    [InlineData("""[{"type":"array","items":"int"},{"type":"array","items":"long"}]""", "$[1]: the union already has")]
    [InlineData("[]", "$: a union has at least one")]
    [InlineData("""[{"type":"fixed","name":"f","size":1},{"type":"fixed","name":"f","size":2}]""", "$[1].name: the type 'f' is already defined")]
    [InlineData("""{"type":"int","type":"long"}""", "$: ")]
    [InlineData("\"\\uD800\"", "$: the schema holds half")]
    public void Errors_name_the_place(string json, string expected)
    {
        var error = Assert.Throws<AvroException>(() => AvroSchema.Parse(json));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_resolve_in_the_namespace_around_them()
    {
        var schema = (RecordSchema)AvroSchema.Parse("""
            {"type":"record","name":"Outer","namespace":"a.b","aliases":["Old","c.Older"],"fields":[
              {"name":"inner","type":{"type":"record","name":"x.Inner","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["S"]}}]}},
              {"name":"again","type":"x.E"},
              {"name":"next","type":["null","Outer"],"default":null}]}
            """);
        Assert.Equal("a.b.Outer", schema.Name.FullName);
        Assert.Equal(["a.b.Old", "c.Older"], schema.Aliases);
        Assert.Same(schema, ((UnionSchema)schema.Field("next")!.Type).Branches[1]);
        Assert.Equal("x.E", schema.Field("again")!.Type.TypeName);
        Assert.Equal(schema.ToJson(), AvroSchema.Parse(schema.ToJson()).ToJson());
    }

    [Theory]
    [InlineData("""{"type":"bytes","logicalType":"decimal","precision":4,"scale":2}""", LogicalKind.Decimal)]
    [InlineData("""{"type":"bytes","logicalType":"decimal","precision":4,"scale":5}""", null)]
    [InlineData("""{"type":"bytes","logicalType":"decimal","precision":0}""", null)]
    [InlineData("""{"type":"bytes","logicalType":"decimal"}""", null)]
    [InlineData("""{"type":"bytes","logicalType":"decimal","precision":"4"}""", null)]
    [InlineData("""{"type":"fixed","name":"f","size":4,"logicalType":"decimal","precision":9}""", LogicalKind.Decimal)]
    [InlineData("""{"type":"fixed","name":"f","size":4,"logicalType":"decimal","precision":10}""", null)]
    [InlineData("""{"type":"long","logicalType":"date"}""", null)]
    [InlineData("""{"type":"int","logicalType":"date"}""", LogicalKind.Date)]
    [InlineData("""{"type":"int","logicalType":17}""", null)]
    [InlineData("""{"type":"int","logicalType":"unheard-of"}""", null)]
    [InlineData("""{"type":"fixed","name":"f","size":16,"logicalType":"uuid"}""", LogicalKind.Uuid)]
    [InlineData("""{"type":"fixed","name":"f","size":15,"logicalType":"uuid"}""", null)]
    [InlineData("""{"type":"fixed","name":"f","size":12,"logicalType":"duration"}""", LogicalKind.Duration)]
    [InlineData("""{"type":"fixed","name":"f","size":13,"logicalType":"duration"}""", null)]
    public void Invalid_logical_types_are_ignored(string json, LogicalKind? expected) => Assert.Equal(expected, AvroSchema.Parse(json).Logical?.Kind);

    [Fact]
    public void Defaults_are_data_of_their_type()
    {
        var schema = (RecordSchema)AvroSchema.Parse("""
            {"type":"record","name":"R","fields":[
              {"name":"b","type":"bytes","default":"\u00ff\u0001"},
              {"name":"u","type":["null","long"],"default":7},
              {"name":"m","type":{"type":"map","values":"int"},"default":{"a":1}},
              {"name":"r","type":{"type":"record","name":"I","fields":[{"name":"x","type":"float","default":1.5},{"name":"y","type":"string"}]},"default":{"y":"z"}}]}
            """);
        Assert.Equal([0xFF, 1], (byte[])schema.Field("b")!.Default!);
        Assert.Equal(7L, schema.Field("u")!.Default);
        Assert.Equal(1, ((IReadOnlyDictionary<string, object?>)schema.Field("m")!.Default!)["a"]);
        Assert.Equal([1.5f, "z"], ((GenericRecord)schema.Field("r")!.Default!).Values);
    }
}
