using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.Rating.Contracts.Format;

/// <summary>
/// A kind of JSON value: how it is read, how it is written in canonical form, and how JSON Schema describes it. One description serves all three, so that
/// they cannot disagree.
/// </summary>
abstract class Shape<T>
{
    /// <summary>The value; after a fault, which is collected, a default that nothing must look at.</summary>
    public abstract T Read(JsonElement json, string path, FaultCollector faults);

    public abstract void Write(Utf8JsonWriter json, T value);

    public abstract JsonObject Schema(SchemaDefinitions definitions);

    protected static T Wrong(JsonElement json, string path, string expected, FaultCollector faults)
    {
        faults.Add(path, "TYPE_WRONG", $"must be {expected}, is {json.ValueKind}");
        return default!;
    }
}

/// <summary>The objects that a schema describes once, by their names.</summary>
sealed class SchemaDefinitions
{
    readonly SortedDictionary<string, JsonObject> _byName = new(StringComparer.Ordinal);

    /// <summary>A reference to the definition of a name, which is made when it is first asked for.</summary>
    public JsonObject Reference(string name, Func<JsonObject> make)
    {
        if (_byName.TryAdd(name, [])) _byName[name] = make();
        return new() { ["$ref"] = $"#/$defs/{name}" };
    }

    public JsonObject ToJson() => new(_byName.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value)));
}

/// <summary>A shape that holds itself, or is made later.</summary>
sealed class LazyShape<T>(Func<Shape<T>> shape) : Shape<T>
{
    public override T Read(JsonElement json, string path, FaultCollector faults) => shape().Read(json, path, faults);

    public override void Write(Utf8JsonWriter json, T value) => shape().Write(json, value);

    public override JsonObject Schema(SchemaDefinitions definitions) => shape().Schema(definitions);
}

/// <summary>A value or null.</summary>
sealed class NullableShape<T>(Shape<T> shape) : Shape<T?> where T : struct
{
    public override T? Read(JsonElement json, string path, FaultCollector faults) => json.ValueKind == JsonValueKind.Null ? null : shape.Read(json, path, faults);

    public override void Write(Utf8JsonWriter json, T? value) => shape.Write(json, value!.Value);

    public override JsonObject Schema(SchemaDefinitions definitions) => Nullable.Schema(shape.Schema(definitions));
}

/// <summary>An object or null.</summary>
sealed class OptionalShape<T>(Shape<T> shape) : Shape<T?> where T : class
{
    public override T? Read(JsonElement json, string path, FaultCollector faults) => json.ValueKind == JsonValueKind.Null ? null : shape.Read(json, path, faults);

    public override void Write(Utf8JsonWriter json, T? value) => shape.Write(json, value!);

    public override JsonObject Schema(SchemaDefinitions definitions) => Nullable.Schema(shape.Schema(definitions));
}

static class Nullable
{
    public static JsonObject Schema(JsonObject schema) => new() { ["anyOf"] = new JsonArray(schema, new JsonObject { ["type"] = "null" }) };
}
