using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

public class CompatibilityTests
{
    static AvroSchema Record(string fields) => AvroSchema.Parse($$"""{"type":"record","name":"shop.Order","fields":[{{fields}}]}""");

    static readonly AvroSchema One = Record("""{"name":"a","type":"int"}""");
    static readonly AvroSchema WithOptional = Record("""{"name":"a","type":"int"},{"name":"b","type":"int","default":0}""");
    static readonly AvroSchema WithRequired = Record("""{"name":"a","type":"int"},{"name":"b","type":"int"}""");
    static readonly AvroSchema Wider = Record("""{"name":"a","type":"long"}""");

    public static TheoryData<CompatibilityMode, string, bool> Modes()
    {
        // Against [One, WithRequired]: which of the candidates each mode lets through.
        var allowed = new Dictionary<CompatibilityMode, string[]>
        {
            [CompatibilityMode.None] = ["One", "WithOptional", "WithRequired", "Wider"],
            [CompatibilityMode.Backward] = ["One", "WithOptional", "WithRequired", "Wider"],
            [CompatibilityMode.BackwardTransitive] = ["One", "WithOptional", "Wider"],
            [CompatibilityMode.Forward] = ["WithOptional", "WithRequired"],
            [CompatibilityMode.ForwardTransitive] = ["WithOptional", "WithRequired"],
            [CompatibilityMode.Full] = ["WithOptional", "WithRequired"],
            [CompatibilityMode.FullTransitive] = ["WithOptional"],
        };
        var data = new TheoryData<CompatibilityMode, string, bool>();
        foreach (var (mode, names) in allowed)
        {
            foreach (var name in allowed[CompatibilityMode.None]) data.Add(mode, name, names.Contains(name));
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Modes))]
    public void Seven_modes(CompatibilityMode mode, string candidate, bool allowed)
    {
        var schema = candidate switch { "One" => One, "WithOptional" => WithOptional, "WithRequired" => WithRequired, _ => Wider };
        Assert.Equal(allowed, SchemaCompatibility.Check(mode, schema, [One, WithRequired]).Count == 0);
    }

    [Fact]
    public void The_first_schema_is_compatible_with_nothing_before_it() => Assert.Empty(SchemaCompatibility.Check(CompatibilityMode.FullTransitive, One, []));

    [Fact]
    public void Messages_name_path_and_reason()
    {
        var found = Assert.Single(SchemaCompatibility.Check(CompatibilityMode.BackwardTransitive, WithRequired, [One, WithOptional]));
        Assert.Equal(IncompatibilityKind.ReaderFieldMissingDefaultValue, found.Kind);
        Assert.Equal("Order.b", found.Path);
        Assert.Equal(0, found.PreviousIndex);
        Assert.True(found.NewSchemaReads);
        Assert.Equal("the new schema cannot read data of previous schema 1: Order.b: reader field 'b' of record shop.Order has no default value and writer record shop.Order does not have it", found.ToString());
    }

    [Theory]
    [InlineData("\"string\"", "\"int\"", IncompatibilityKind.TypeMismatch)]
    [InlineData("\"int\"", "\"long\"", IncompatibilityKind.TypeMismatch)]
    [InlineData("[\"null\",\"int\"]", "\"string\"", IncompatibilityKind.MissingUnionBranch)]
    [InlineData("[\"null\",\"int\"]", "[\"null\",\"string\"]", IncompatibilityKind.MissingUnionBranch)]
    [InlineData("""{"type":"fixed","name":"f","size":1}""", """{"type":"fixed","name":"f","size":2}""", IncompatibilityKind.FixedSizeMismatch)]
    [InlineData("""{"type":"fixed","name":"f","size":1}""", """{"type":"fixed","name":"g","size":1}""", IncompatibilityKind.NameMismatch)]
    [InlineData("""{"type":"enum","name":"e","symbols":["A"]}""", """{"type":"enum","name":"e","symbols":["A","B"]}""", IncompatibilityKind.MissingEnumSymbols)]
    [InlineData("""{"type":"bytes","logicalType":"decimal","precision":4}""", """{"type":"bytes","logicalType":"decimal","precision":5}""", IncompatibilityKind.DecimalMismatch)]
    [InlineData("""{"type":"array","items":"int"}""", """{"type":"array","items":"string"}""", IncompatibilityKind.TypeMismatch)]
    [InlineData("""{"type":"map","values":"int"}""", """{"type":"array","items":"int"}""", IncompatibilityKind.TypeMismatch)]
    public void Each_reason(string reader, string writer, IncompatibilityKind expected) =>
        Assert.Equal(expected, Assert.Single(SchemaCompatibility.CanRead(AvroSchema.Parse(reader), AvroSchema.Parse(writer))).Kind);

    [Fact]
    public void A_clash_is_reported_in_every_place_that_uses_the_type()
    {
        static AvroSchema Twice(string type) => AvroSchema.Parse($$"""
            {"type":"record","name":"R","fields":[
              {"name":"u","type":["null","string",{"type":"record","name":"I","fields":[{"name":"x","type":"{{type}}"}]}]},
              {"name":"v","type":"I"}]}
            """);
        Assert.NotEmpty(SchemaCompatibility.CanRead(Twice("int"), Twice("string")));
        Assert.Empty(SchemaCompatibility.CanRead(Twice("long"), Twice("int")));
    }

    [Fact]
    public void Modes_have_the_registrys_names()
    {
        foreach (var mode in Enum.GetValues<CompatibilityMode>())
        {
            Assert.True(SchemaCompatibility.TryParseMode(SchemaCompatibility.NameOf(mode), out var parsed));
            Assert.Equal(mode, parsed);
        }
        Assert.Equal("FULL_TRANSITIVE", SchemaCompatibility.NameOf(CompatibilityMode.FullTransitive));
        Assert.False(SchemaCompatibility.TryParseMode("SIDEWAYS", out _));
    }
}
