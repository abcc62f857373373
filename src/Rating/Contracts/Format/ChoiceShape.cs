using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.Rating.Contracts.Format;

/// <summary>A text that is always the same.</summary>
sealed class TagShape(string tag) : Shape<string>
{
    public override string Read(JsonElement json, string path, FaultCollector faults) => tag;

    public override void Write(Utf8JsonWriter json, string value) => json.WriteStringValue(tag);

    public override JsonObject Schema(SchemaDefinitions definitions) => new() { ["const"] = tag };
}

/// <summary>One of several kinds of objects, told apart by a property.</summary>
sealed class ChoiceShape<T>(string property, params IReadOnlyList<ChoiceShape<T>.Case> cases) : Shape<T>
{
    /// <summary>One kind.</summary>
    public abstract class Case(string tag)
    {
        public string Tag => tag;

        public abstract T Read(JsonElement json, string path, FaultCollector faults);

        public abstract bool TryWrite(Utf8JsonWriter json, T value);

        public abstract JsonObject Schema(SchemaDefinitions definitions);
    }

    /// <summary>Objects of a type.</summary>
    public sealed class Case<TCase>(string tag, Shape<TCase> shape) : Case(tag) where TCase : T
    {
        public override T Read(JsonElement json, string path, FaultCollector faults) => shape.Read(json, path, faults);

        public override bool TryWrite(Utf8JsonWriter json, T value)
        {
            if (value is not TCase one) return false;
            shape.Write(json, one);
            return true;
        }

        public override JsonObject Schema(SchemaDefinitions definitions) => shape.Schema(definitions);
    }

    public override T Read(JsonElement json, string path, FaultCollector faults)
    {
        if (json.ValueKind != JsonValueKind.Object) return Wrong(json, path, "an object", faults);
        if (!json.TryGetProperty(property, out var tag))
        {
            faults.Add($"{path}.{property}", "PROPERTY_MISSING", "is missing");
            return default!;
        }
        if (tag.ValueKind == JsonValueKind.String)
        {
            foreach (var one in cases)
            {
                if (tag.ValueEquals(one.Tag)) return one.Read(json, path, faults);
            }
        }
        faults.Add($"{path}.{property}", "VALUE_UNKNOWN", $"is none of {string.Join(", ", cases.Select(c => c.Tag))}");
        return default!;
    }

    public override void Write(Utf8JsonWriter json, T value)
    {
        foreach (var one in cases)
        {
            if (one.TryWrite(json, value)) return;
        }
        throw new ArgumentException($"{value?.GetType().Name} has no form in JSON", nameof(value));
    }

    public override JsonObject Schema(SchemaDefinitions definitions) => new() { ["oneOf"] = new JsonArray([.. cases.Select(c => c.Schema(definitions))]) };
}
