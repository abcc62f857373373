using System.Buffers;

namespace Streams.Schemas.Avro;

/// <summary>Writes generic data (see <see cref="GenericDatum"/>). The same datum always gives the same bytes: maps go by their keys in ordinal order.</summary>
public static class DatumWriter
{
    /// <summary>Writes one datum.</summary>
    /// <exception cref="AvroException">The datum does not fit the schema, or is nested too deeply; what was written before it is in the buffer.</exception>
    public static void Write(AvroSchema schema, object? datum, IBufferWriter<byte> output) => Write(schema, datum, new AvroWriter(output), 1);

    /// <summary>One datum's binary.</summary>
    /// <inheritdoc cref="Write(AvroSchema, object?, IBufferWriter{byte})"/>
    public static byte[] ToBytes(AvroSchema schema, object? datum)
    {
        var buffer = new ArrayBufferWriter<byte>();
        Write(schema, datum, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    static void Write(AvroSchema schema, object? datum, AvroWriter writer, int depth)
    {
        switch (schema, datum)
        {
            case (UnionSchema union, _):
                var branch = BranchOf(union, datum);
                writer.WriteInt(branch);
                Write(union.Branches[branch], datum, writer, depth);
                break;
            case (RecordSchema record, GenericRecord value) when IsOf(record, value.Schema):
                Record(record, value, writer, depth);
                break;
            case (ArraySchema array, IReadOnlyList<object?> items):
                Array(array, items, writer, depth);
                break;
            case (MapSchema map, IReadOnlyDictionary<string, object?> entries):
                Map(map, entries, writer, depth);
                break;
            case (EnumSchema @enum, GenericEnum value) when IsOf(@enum, value.Schema) && @enum.IndexOf(value.Symbol) >= 0:
                writer.WriteInt(@enum.IndexOf(value.Symbol));
                break;
            case (FixedSchema @fixed, GenericFixed value) when IsOf(@fixed, value.Schema) && value.Bytes.Length == @fixed.Size:
                writer.WriteFixed(value.Bytes);
                break;
            default:
                Primitive(schema, datum, writer);
                break;
        }
    }

    static void Primitive(AvroSchema schema, object? datum, AvroWriter writer)
    {
        switch (schema.Kind, datum)
        {
            case (SchemaKind.Null, null): break;
            case (SchemaKind.Boolean, bool value): writer.WriteBoolean(value); break;
            case (SchemaKind.Int, int value): writer.WriteInt(value); break;
            case (SchemaKind.Long, long value): writer.WriteLong(value); break;
            case (SchemaKind.Float, float value): writer.WriteFloat(value); break;
            case (SchemaKind.Double, double value): writer.WriteDouble(value); break;
            case (SchemaKind.Bytes, byte[] value): writer.WriteBytes(value); break;
            case (SchemaKind.String, string value): writer.WriteString(value); break;
            default: throw new AvroException($"'{schema.TypeName}' expected, found {Describe(datum)}");
        }
    }

    static void Record(RecordSchema schema, GenericRecord value, AvroWriter writer, int depth)
    {
        ResolutionCompiler.ExpectDepth(depth);
        if (value.Values.Count != schema.Fields.Count) throw new AvroException($"'{schema.TypeName}' has {schema.Fields.Count} fields, the datum has {value.Values.Count}");
        foreach (var field in schema.Fields)
        {
            var position = value.Schema.Field(field.Name)?.Position ?? throw new AvroException($"{field.Name}: the datum has no such field");
            try
            {
                Write(field.Type, value.Values[position], writer, depth + 1);
            }
            catch (AvroException e)
            {
                throw new AvroException($"{field.Name}: {e.Message}", e);
            }
        }
    }

    static void Array(ArraySchema schema, IReadOnlyList<object?> items, AvroWriter writer, int depth)
    {
        ResolutionCompiler.ExpectDepth(depth);
        if (items.Count > 0)
        {
            writer.WriteLong(items.Count);
            foreach (var item in items) Write(schema.Items, item, writer, depth + 1);
        }
        writer.WriteLong(0);
    }

    static void Map(MapSchema schema, IReadOnlyDictionary<string, object?> entries, AvroWriter writer, int depth)
    {
        ResolutionCompiler.ExpectDepth(depth);
        if (entries.Count > 0)
        {
            writer.WriteLong(entries.Count);
            foreach (var (key, value) in entries.OrderBy(e => e.Key, StringComparer.Ordinal))
            {
                writer.WriteString(key);
                Write(schema.Values, value, writer, depth + 1);
            }
        }
        writer.WriteLong(0);
    }

    /// <summary>The branch that the datum's type asks for. Branches of a union have different types, so there is no more than one.</summary>
    static int BranchOf(UnionSchema union, object? datum)
    {
        for (var i = 0; i < union.Branches.Count; i++)
        {
            if (Fits(union.Branches[i], datum)) return i;
        }
        throw new AvroException($"No branch of the union [{string.Join(", ", union.Branches.Select(b => b.TypeName))}] takes {Describe(datum)}");
    }

    static bool Fits(AvroSchema schema, object? datum) => datum switch
    {
        null => schema.Kind == SchemaKind.Null,
        bool => schema.Kind == SchemaKind.Boolean,
        int => schema.Kind == SchemaKind.Int,
        long => schema.Kind == SchemaKind.Long,
        float => schema.Kind == SchemaKind.Float,
        double => schema.Kind == SchemaKind.Double,
        string => schema.Kind == SchemaKind.String,
        byte[] => schema.Kind == SchemaKind.Bytes,
        GenericRecord value => schema is RecordSchema record && IsOf(record, value.Schema),
        GenericEnum value => schema is EnumSchema @enum && IsOf(@enum, value.Schema),
        GenericFixed value => schema is FixedSchema @fixed && IsOf(@fixed, value.Schema),
        IReadOnlyDictionary<string, object?> => schema.Kind == SchemaKind.Map,
        IReadOnlyList<object?> => schema.Kind == SchemaKind.Array,
        _ => false,
    };

    static bool IsOf(NamedSchema expected, NamedSchema found) => ReferenceEquals(expected, found) || expected.Name == found.Name;

    static string Describe(object? datum) => datum switch
    {
        null => "null",
        GenericRecord record => $"a record '{record.Schema.TypeName}'",
        GenericEnum value => $"the symbol '{value.Symbol}' of '{value.Schema.TypeName}'",
        GenericFixed value => $"{value.Bytes.Length} bytes of the fixed '{value.Schema.TypeName}'",
        _ => datum.GetType().Name,
    };
}
