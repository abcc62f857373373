using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.Rating.Contracts.Format;

/// <summary>An array of at most so many items; one that has a fault is a default in the list.</summary>
sealed class ListShape<T>(Shape<T> item, int most, int least = 0) : Shape<IReadOnlyList<T>>
{
    public override IReadOnlyList<T> Read(JsonElement json, string path, FaultCollector faults)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            Wrong(json, path, "an array", faults);
            return [];
        }
        var count = json.GetArrayLength();
        if (count < least) faults.Add(path, "LIST_EMPTY", "is empty");
        if (count > most) faults.Add(path, "LIST_TOO_LONG", $"has {count} entries, {most} are allowed");
        if (count == 0 || count > most) return [];
        var items = new List<T>(count);
        foreach (var element in json.EnumerateArray()) items.Add(item.Read(element, $"{path}[{items.Count}]", faults));
        return items;
    }

    public override void Write(Utf8JsonWriter json, IReadOnlyList<T> value)
    {
        json.WriteStartArray();
        foreach (var one in value) item.Write(json, one);
        json.WriteEndArray();
    }

    public override JsonObject Schema(SchemaDefinitions definitions)
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = item.Schema(definitions), ["maxItems"] = most };
        if (least > 0) schema["minItems"] = least;
        return schema;
    }
}

/// <summary>An object whose properties are keys (by the rules for ids); read and written in the ordinal order of its keys.</summary>
sealed class MapShape<T>(Shape<T> item, int most) : Shape<IReadOnlyDictionary<string, T>>
{
    public override IReadOnlyDictionary<string, T> Read(JsonElement json, string path, FaultCollector faults)
    {
        var items = ImmutableSortedDictionary.CreateBuilder<string, T>(StringComparer.Ordinal);
        if (json.ValueKind != JsonValueKind.Object)
        {
            Wrong(json, path, "an object", faults);
            return items.ToImmutable();
        }
        foreach (var property in json.EnumerateObject())
        {
            if (Names.Of(property, path, faults) is not { } key) continue;
            var at = $"{path}.{key}";
            if (Identifiers.Check(key) is var (code, reason)) faults.Add(at, code, reason);
            if (items.ContainsKey(key)) faults.Add(at, "PROPERTY_DUPLICATE", "is given twice");
            items[key] = item.Read(property.Value, at, faults);
            if (items.Count <= most) continue;
            faults.Add(path, "LIST_TOO_LONG", $"has more than {most} entries");
            break;
        }
        return items.ToImmutable();
    }

    public override void Write(Utf8JsonWriter json, IReadOnlyDictionary<string, T> value)
    {
        json.WriteStartObject();
        foreach (var (key, one) in value.OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            json.WritePropertyName(key);
            item.Write(json, one);
        }
        json.WriteEndObject();
    }

    public override JsonObject Schema(SchemaDefinitions definitions) => new()
    {
        ["type"] = "object", ["propertyNames"] = Scalars.Id.Schema(definitions), ["additionalProperties"] = item.Schema(definitions), ["maxProperties"] = most,
    };
}

static class Names
{
    /// <summary>A property's name; null and a fault when it holds half of a surrogate pair.</summary>
    public static string? Of(JsonProperty property, string path, FaultCollector faults)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            faults.Add(path, "TEXT_INVALID", "has a property whose name holds half of a surrogate pair");
            return null;
        }
    }
}
