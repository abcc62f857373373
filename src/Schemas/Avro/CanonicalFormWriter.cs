using System.Globalization;
using System.Text;

namespace Streams.Schemas.Avro;

/// <summary>
/// Parsing Canonical Form (specification 1.12, "Transforming into Parsing Canonical Form"): full names, only the attributes that matter for reading,
/// in a fixed order, no white space. Names and symbols are ASCII letters, digits and underscores, so nothing needs escaping.
/// </summary>
sealed class CanonicalFormWriter
{
    readonly StringBuilder _text = new();
    readonly HashSet<NamedSchema> _defined = [];

    public static string Write(AvroSchema schema)
    {
        var writer = new CanonicalFormWriter();
        writer.Schema(schema);
        return writer._text.ToString();
    }

    void Schema(AvroSchema schema)
    {
        switch (schema)
        {
            case NamedSchema named when !_defined.Add(named):
                Quoted(named.TypeName);
                break;
            case RecordSchema record:
                Record(record);
                break;
            case EnumSchema @enum:
                _text.Append($$"""{"name":"{{@enum.TypeName}}","type":"enum","symbols":[""");
                Separated(@enum.Symbols, Quoted);
                _text.Append("]}");
                break;
            case FixedSchema @fixed:
                _text.Append(CultureInfo.InvariantCulture, $$"""{"name":"{{@fixed.TypeName}}","type":"fixed","size":{{@fixed.Size}}}""");
                break;
            case ArraySchema array:
                _text.Append("""{"type":"array","items":""");
                Schema(array.Items);
                _text.Append('}');
                break;
            case MapSchema map:
                _text.Append("""{"type":"map","values":""");
                Schema(map.Values);
                _text.Append('}');
                break;
            case UnionSchema union:
                _text.Append('[');
                Separated(union.Branches, Schema);
                _text.Append(']');
                break;
            default:
                Quoted(schema.TypeName);
                break;
        }
    }

    void Record(RecordSchema record)
    {
        _text.Append($$"""{"name":"{{record.TypeName}}","type":"record","fields":[""");
        Separated(record.Fields, field =>
        {
            _text.Append($$"""{"name":"{{field.Name}}","type":""");
            Schema(field.Type);
            _text.Append('}');
        });
        _text.Append("]}");
    }

    void Quoted(string name) => _text.Append('"').Append(name).Append('"');

    void Separated<T>(IReadOnlyList<T> items, Action<T> write)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0) _text.Append(',');
            write(items[i]);
        }
    }
}
