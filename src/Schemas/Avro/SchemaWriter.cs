using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Streams.Schemas.Avro;

/// <summary>Writes a schema as JSON with everything that was parsed, attributes in a fixed order.</summary>
sealed class SchemaWriter
{
    readonly Utf8JsonWriter _json;
    readonly HashSet<NamedSchema> _defined = [];

    SchemaWriter(Utf8JsonWriter json) => _json = json;

    public static string Write(AvroSchema schema)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            new SchemaWriter(json).Schema(schema, "");
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    void Schema(AvroSchema schema, string enclosing)
    {
        switch (schema)
        {
            case UnionSchema union:
                _json.WriteStartArray();
                foreach (var branch in union.Branches) Schema(branch, enclosing);
                _json.WriteEndArray();
                break;
            case PrimitiveSchema { Properties.Count: 0 }:
                _json.WriteStringValue(schema.TypeName);
                break;
            case NamedSchema named when !_defined.Add(named):
                _json.WriteStringValue(Reference(named.Name, enclosing));
                break;
            default:
                _json.WriteStartObject();
                Definition(schema, enclosing);
                Properties(schema.Properties);
                _json.WriteEndObject();
                break;
        }
    }

    /// <summary>A name of no namespace cannot be referred to from within one by its name alone; a leading dot says so, as Avro's own parsers read it.</summary>
    static string Reference(SchemaName name, string enclosing) =>
        name.Namespace == enclosing ? name.Name : name.Namespace.Length == 0 ? "." + name.Name : name.FullName;

    void Definition(AvroSchema schema, string enclosing)
    {
        _json.WriteString("type", schema is NamedSchema ? schema.Kind.ToString().ToLowerInvariant() : schema.TypeName);
        if (schema is NamedSchema named) Names(named, enclosing);
        switch (schema)
        {
            case RecordSchema record:
                _json.WriteStartArray("fields");
                foreach (var field in record.Fields) Field(field, record.Name.Namespace);
                _json.WriteEndArray();
                break;
            case EnumSchema @enum:
                Strings("symbols", @enum.Symbols);
                if (@enum.Default is not null) _json.WriteString("default", @enum.Default);
                break;
            case FixedSchema @fixed:
                _json.WriteNumber("size", @fixed.Size);
                break;
            case ArraySchema array:
                _json.WritePropertyName("items");
                Schema(array.Items, enclosing);
                break;
            case MapSchema map:
                _json.WritePropertyName("values");
                Schema(map.Values, enclosing);
                break;
        }
    }

    void Names(NamedSchema named, string enclosing)
    {
        _json.WriteString("name", named.Name.Name);
        if (named.Name.Namespace != enclosing) _json.WriteString("namespace", named.Name.Namespace);
        if (named.Doc is not null) _json.WriteString("doc", named.Doc);
        if (named.Aliases.Count > 0) Strings("aliases", named.Aliases.Select(a => named.Name.Namespace.Length == 0 || a.Contains('.') ? a : "." + a));
    }

    void Field(RecordField field, string enclosing)
    {
        _json.WriteStartObject();
        _json.WriteString("name", field.Name);
        _json.WritePropertyName("type");
        Schema(field.Type, enclosing);
        if (field.Doc is not null) _json.WriteString("doc", field.Doc);
        if (field.DefaultJson is { } value)
        {
            _json.WritePropertyName("default");
            value.WriteTo(_json);
        }
        if (field.Order != FieldOrder.Ascending) _json.WriteString("order", field.Order.ToString().ToLowerInvariant());
        if (field.Aliases.Count > 0) Strings("aliases", field.Aliases);
        Properties(field.Properties);
        _json.WriteEndObject();
    }

    void Strings(string name, IEnumerable<string> values)
    {
        _json.WriteStartArray(name);
        foreach (var value in values) _json.WriteStringValue(value);
        _json.WriteEndArray();
    }

    void Properties(IReadOnlyDictionary<string, JsonElement> properties)
    {
        foreach (var (name, value) in properties.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            _json.WritePropertyName(name);
            value.WriteTo(_json);
        }
    }
}
