using System.Text.Json;

namespace Streams.Schemas.Avro;

/// <summary>
/// Turns a field's default from JSON into a generic datum. Defaults of records take what they leave out from their fields' own defaults, so a small schema can
/// ask for an endless or enormous one: depth and number of values are bounded.
/// </summary>
sealed class DefaultReader
{
    const int MaxValues = 100_000;

    int _values;

    public object? Read(AvroSchema schema, JsonElement json, string path) =>
        Try(schema, json, path, 0, out var value) is { } error ? throw new AvroException(error) : value;

    /// <summary>Null, or why <paramref name="json"/> is no default for <paramref name="schema"/>.</summary>
    string? Try(AvroSchema schema, JsonElement json, string path, int depth, out object? value)
    {
        value = null;
        if (depth > GenericDatum.MaxDepth) throw new AvroException($"{path}: the default is nested more than {GenericDatum.MaxDepth} levels deep");
        if (++_values > MaxValues) throw new AvroException($"{path}: the schema's defaults have more than {MaxValues} values");
        return schema switch
        {
            RecordSchema record => TryRecord(record, json, path, depth, out value),
            ArraySchema array => TryArray(array, json, path, depth, out value),
            MapSchema map => TryMap(map, json, path, depth, out value),
            UnionSchema union => TryUnion(union, json, path, depth, out value),
            _ => TryScalar(schema, json, out value) ? null : $"{path}: {Shorten(json)} is not a valid default for '{schema.TypeName}'",
        };
    }

    static bool TryScalar(AvroSchema schema, JsonElement json, out object? value)
    {
        value = (schema.Kind, json.ValueKind) switch
        {
            (SchemaKind.Boolean, JsonValueKind.True) => true,
            (SchemaKind.Boolean, JsonValueKind.False) => false,
            (SchemaKind.Int, JsonValueKind.Number) => json.TryGetInt32(out var number) ? number : null,
            (SchemaKind.Long, JsonValueKind.Number) => json.TryGetInt64(out var number) ? number : null,
            (SchemaKind.Float, JsonValueKind.Number) => json.TryGetSingle(out var number) && float.IsFinite(number) ? number : null,
            (SchemaKind.Double, JsonValueKind.Number) => json.TryGetDouble(out var number) && double.IsFinite(number) ? number : null,
            (SchemaKind.String, JsonValueKind.String) => json.GetString(),
            (SchemaKind.Bytes, JsonValueKind.String) => Latin1(json.GetString()!),
            (SchemaKind.Fixed, JsonValueKind.String) => Latin1(json.GetString()!) is { } bytes && bytes.Length == ((FixedSchema)schema).Size
                ? new GenericFixed((FixedSchema)schema, bytes) : null,
            (SchemaKind.Enum, JsonValueKind.String) => ((EnumSchema)schema).IndexOf(json.GetString()!) >= 0 ? new GenericEnum((EnumSchema)schema, json.GetString()!) : null,
            _ => null,
        };
        return value is not null || (schema.Kind == SchemaKind.Null && json.ValueKind == JsonValueKind.Null);
    }

    /// <summary>Code points 0 to 255 stand for the bytes of that value.</summary>
    static byte[]? Latin1(string text) => text.All(c => c <= 0xFF) ? text.Select(c => (byte)c).ToArray() : null;

    string? TryRecord(RecordSchema record, JsonElement json, string path, int depth, out object? value)
    {
        value = null;
        if (json.ValueKind != JsonValueKind.Object) return $"{path}: {Shorten(json)} is not a valid default for the record '{record.TypeName}'";
        var values = new object?[record.Fields.Count];
        foreach (var field in record.Fields)
        {
            var given = json.TryGetProperty(field.Name, out var own) ? own : field.DefaultJson;
            if (given is null) return $"{path}: the field '{field.Name}' is missing and has no default";
            if (Try(field.Type, given.Value, $"{path}.{field.Name}", depth + 1, out values[field.Position]) is { } error) return error;
        }
        value = new GenericRecord(record, values);
        return null;
    }

    string? TryArray(ArraySchema array, JsonElement json, string path, int depth, out object? value)
    {
        value = null;
        if (json.ValueKind != JsonValueKind.Array) return $"{path}: {Shorten(json)} is not a valid default for an array";
        var items = new List<object?>();
        foreach (var item in json.EnumerateArray())
        {
            if (Try(array.Items, item, $"{path}[{items.Count}]", depth + 1, out var read) is { } error) return error;
            items.Add(read);
        }
        value = items;
        return null;
    }

    string? TryMap(MapSchema map, JsonElement json, string path, int depth, out object? value)
    {
        value = null;
        if (json.ValueKind != JsonValueKind.Object) return $"{path}: {Shorten(json)} is not a valid default for a map";
        var entries = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var entry in json.EnumerateObject())
        {
            if (Try(map.Values, entry.Value, $"{path}.{entry.Name}", depth + 1, out var read) is { } error) return error;
            entries.Add(entry.Name, read);
        }
        value = entries;
        return null;
    }

    /// <summary>The default of a union belongs to the first branch that takes it.</summary>
    string? TryUnion(UnionSchema union, JsonElement json, string path, int depth, out object? value)
    {
        value = null;
        string? first = null;
        foreach (var branch in union.Branches)
        {
            var error = Try(branch, json, path, depth + 1, out value);
            if (error is null) return null;
            first ??= error;
        }
        value = null;
        return union.Branches.Count == 1 ? first : $"{path}: {Shorten(json)} is not a valid default for any branch of the union";
    }

    static string Shorten(JsonElement json)
    {
        var text = json.GetRawText();
        return text.Length <= 64 ? text : text[..64] + "…";
    }
}
