using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Streams.Rating.Tests.Contracts;

/// <summary>The part of JSON Schema 2020-12 that the contract's schema uses, written from the specification; a keyword that it does not know is an error, not ignored.</summary>
sealed class SchemaValidator(JsonElement schema)
{
    static readonly HashSet<string> Annotations = ["$schema", "title", "description", "$defs"];

    readonly Dictionary<string, Regex> _patterns = [];

    /// <summary>Definitions and properties that a value was valid under, e.g. tier.upTo.</summary>
    public HashSet<string> Used { get; } = [];

    public bool IsValid(JsonElement value) => Holds(schema, value, "");

    bool Holds(JsonElement rule, JsonElement value, string name)
    {
        if (rule.ValueKind is JsonValueKind.True or JsonValueKind.False) return rule.GetBoolean();
        return rule.EnumerateObject().All(keyword => Annotations.Contains(keyword.Name) || Keyword(rule, keyword, value, name));
    }

    bool Keyword(JsonElement rule, JsonProperty keyword, JsonElement value, string name) => keyword.Name switch
    {
        "$ref" => Reference(keyword.Value.GetString()!, value),
        "type" => HasType(keyword.Value.GetString()!, value),
        "const" => JsonElement.DeepEquals(keyword.Value, value),
        "enum" => keyword.Value.EnumerateArray().Any(e => JsonElement.DeepEquals(e, value)),
        "not" => !Holds(keyword.Value, value, name),
        "anyOf" => keyword.Value.EnumerateArray().Any(r => Holds(r, value, name)),
        "oneOf" => keyword.Value.EnumerateArray().Count(r => Holds(r, value, name)) == 1,
        "properties" => value.ValueKind != JsonValueKind.Object || keyword.Value.EnumerateObject().All(p => !value.TryGetProperty(p.Name, out var v) || Property(p.Value, v, $"{name}.{p.Name}")),
        "required" => value.ValueKind != JsonValueKind.Object || keyword.Value.EnumerateArray().All(p => value.TryGetProperty(p.GetString()!, out _)),
        "additionalProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(p => IsListed(rule, p.Name) || Holds(keyword.Value, p.Value, name)),
        "propertyNames" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(p => Holds(keyword.Value, JsonSerializer.SerializeToElement(p.Name), name)),
        "minProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Count() >= keyword.Value.GetInt32(),
        "maxProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Count() <= keyword.Value.GetInt32(),
        "items" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().All(v => Holds(keyword.Value, v, name)),
        "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= keyword.Value.GetInt32(),
        "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= keyword.Value.GetInt32(),
        "minLength" => value.ValueKind != JsonValueKind.String || Length(value) >= keyword.Value.GetInt32(),
        "maxLength" => value.ValueKind != JsonValueKind.String || Length(value) <= keyword.Value.GetInt32(),
        "pattern" => value.ValueKind != JsonValueKind.String || Pattern(keyword.Value.GetString()!).IsMatch(Text(value)),
        "minimum" => value.ValueKind != JsonValueKind.Number || Number(value) >= Number(keyword.Value),
        "maximum" => value.ValueKind != JsonValueKind.Number || Number(value) <= Number(keyword.Value),
        var other => throw new NotSupportedException($"Keyword {other}"),
    };

    bool Reference(string reference, JsonElement value)
    {
        const string Start = "#/$defs/";
        Assert.StartsWith(Start, reference, StringComparison.Ordinal);
        var name = reference[Start.Length..];
        return Holds(schema.GetProperty("$defs").GetProperty(name), value, name);
    }

    bool Property(JsonElement rule, JsonElement value, string name)
    {
        if (!Holds(rule, value, name)) return false;
        if (value.ValueKind != JsonValueKind.Null) Used.Add(name);
        return true;
    }

    static bool IsListed(JsonElement rule, string name) => rule.TryGetProperty("properties", out var listed) && listed.TryGetProperty(name, out _);

    static bool HasType(string type, JsonElement value) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "integer" => value.ValueKind == JsonValueKind.Number && decimal.IsInteger(Number(value)),
        _ => throw new NotSupportedException($"Type {type}"),
    };

    /// <summary>ECMAScript's $ is the very end; .NET's also stands before a last line break.</summary>
    Regex Pattern(string pattern) => _patterns.TryGetValue(pattern, out var known) ? known : _patterns[pattern] = new(pattern.EndsWith('$') ? pattern[..^1] + "\\z" : pattern, RegexOptions.CultureInvariant);

    static decimal Number(JsonElement value) => decimal.Parse(value.GetRawText(), NumberStyles.Float, CultureInfo.InvariantCulture);

    static int Length(JsonElement value) => Text(value).Length;

    /// <summary>A text with half of a surrogate pair is not one that a schema can speak of.</summary>
    static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "?";
        }
    }
}
