using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.Rating.Contracts.Format;

/// <summary>
/// An object with known properties: one that is not known, comes twice or is missing is a fault. It is written in the order in which its fields are declared, without those
/// that have their default. What its maker refuses (<see cref="ContractFaultException"/>) is a fault at the object's path.
/// </summary>
sealed class ObjectShape<T> : Shape<T>
{
    readonly Field<T>[] _fields;
    readonly Dictionary<string, Field<T>> _byName;
    readonly Func<FieldValues, T> _make;
    readonly string _name;
    readonly string _description;
    readonly JsonObject? _also;
    readonly bool _partial;

    /// <param name="name">Of the definition in the schema.</param>
    /// <param name="description">Says what it is.</param>
    /// <param name="declare">Declares the fields and gives the maker.</param>
    /// <param name="also">What the schema says beside the properties.</param>
    /// <param name="partial">Whether it is made even when a field has a fault.</param>
    public ObjectShape(string name, string description, Func<FieldList<T>, Func<FieldValues, T>> declare, JsonObject? also = null, bool partial = false)
    {
        (_name, _description, _also, _partial) = (name, description, also, partial);
        var fields = new FieldList<T>();
        _make = declare(fields);
        _fields = [.. fields.All];
        _byName = _fields.ToDictionary(f => f.Name, StringComparer.Ordinal);
    }

    public override T Read(JsonElement json, string path, FaultCollector faults)
    {
        if (json.ValueKind != JsonValueKind.Object) return Wrong(json, path, "an object", faults);
        var before = faults.Count;
        var values = new object?[_fields.Length];
        var given = new bool[_fields.Length];
        foreach (var property in json.EnumerateObject()) Property(property, path, values, given, faults);
        for (var i = 0; i < given.Length; i++)
        {
            if (given[i]) continue;
            if (_fields[i].Required) faults.Add($"{path}.{_fields[i].Name}", "PROPERTY_MISSING", "is missing");
            values[i] = _fields[i].Absent;
        }
        return faults.Count == before || _partial ? Made(new(values), path, faults) : default!;
    }

    void Property(JsonProperty property, string path, object?[] values, bool[] given, FaultCollector faults)
    {
        if (Names.Of(property, path, faults) is not { } name) return;
        var at = $"{path}.{name}";
        if (!_byName.TryGetValue(name, out var field)) faults.Add(at, "PROPERTY_UNKNOWN", "is not a known property");
        else if (given[field.Index]) faults.Add(at, "PROPERTY_DUPLICATE", "is given twice");
        else (given[field.Index], values[field.Index]) = (true, field.Read(property.Value, at, faults));
    }

    T Made(FieldValues values, string path, FaultCollector faults)
    {
        try
        {
            return _make(values);
        }
        catch (ContractFaultException e)
        {
            foreach (var fault in e.Faults) faults.Add(fault.Behind(path));
            return default!;
        }
    }

    public override void Write(Utf8JsonWriter json, T value)
    {
        json.WriteStartObject();
        foreach (var field in _fields) field.Write(json, value);
        json.WriteEndObject();
    }

    public override JsonObject Schema(SchemaDefinitions definitions) => definitions.Reference(_name, () =>
    {
        var schema = new JsonObject { ["type"] = "object", ["description"] = _description, ["additionalProperties"] = false };
        var required = _fields.Where(f => f.Required).Select(f => (JsonNode)f.Name).ToArray();
        if (required.Length > 0) schema["required"] = new JsonArray(required);
        schema["properties"] = new JsonObject(_fields.Select(f => KeyValuePair.Create(f.Name, (JsonNode?)f.Schema(definitions))));
        foreach (var (key, node) in _also ?? []) schema[key] = node!.DeepClone();
        return schema;
    });
}
