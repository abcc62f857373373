using System.Globalization;
using System.Text.Json;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>Collects faults on the way through a JSON text, so that its writer sees all of them at once.</summary>
sealed class FaultCollector
{
    readonly List<ContractFault> _faults = [];

    public int Count => _faults.Count;

    public void Add(string path, string code, string reason) => _faults.Add(new(path, code, reason));

    public void ThrowIfAny()
    {
        if (_faults.Count > 0) throw new ContractFaultException(_faults);
    }
}

/// <summary>
/// One JSON object read strictly: a property that is not expected, comes twice or is missing is a fault. Readers return a harmless default after a fault.
/// </summary>
sealed class StrictObject
{
    static readonly string[] TimeFormats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'"];

    readonly Dictionary<string, JsonElement> _properties = new(StringComparer.Ordinal);
    readonly FaultCollector _faults;

    /// <param name="names">The properties that may appear; null: any (a map).</param>
    public StrictObject(JsonElement element, string path, FaultCollector faults, string[]? names)
    {
        Path = path;
        _faults = faults;
        if (element.ValueKind != JsonValueKind.Object)
        {
            faults.Add(path, "TYPE_WRONG", $"must be an object, is {element.ValueKind}");
            return;
        }
        foreach (var property in element.EnumerateObject())
        {
            if (names is not null && !names.Contains(property.Name, StringComparer.Ordinal)) faults.Add(At(property.Name), "PROPERTY_UNKNOWN", "is not a known property");
            else if (!_properties.TryAdd(property.Name, property.Value)) faults.Add(At(property.Name), "PROPERTY_DUPLICATE", "is given twice");
        }
    }

    public string Path { get; }

    public IEnumerable<KeyValuePair<string, JsonElement>> Properties => _properties.OrderBy(p => p.Key, StringComparer.Ordinal);

    public string At(string name) => $"{Path}.{name}";

    /// <summary>The property unless it is absent or null.</summary>
    public bool TryGet(string name, out JsonElement value) =>
        _properties.TryGetValue(name, out value) && value.ValueKind != JsonValueKind.Null;

    public string Text(string name)
    {
        if (!TryGet(name, out var value)) return Missing(name, "");
        if (value.ValueKind != JsonValueKind.String) return Wrong(name, value, "a string", "");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            _faults.Add(At(name), "TEXT_INVALID", "holds half of a surrogate pair");
            return "";
        }
    }

    /// <summary>A text of 1 to 200 characters without control characters.</summary>
    public string Label(string name)
    {
        var before = _faults.Count;
        var text = Text(name);
        if (_faults.Count > before) return text;
        if (text.Length is 0 or > Identifiers.MaxLength) _faults.Add(At(name), "TEXT_INVALID", $"must have 1 to {Identifiers.MaxLength} characters");
        if (text.Any(char.IsControl)) _faults.Add(At(name), "TEXT_INVALID", "holds a control character");
        return text;
    }

    public string Id(string name)
    {
        var before = _faults.Count;
        var id = Text(name);
        if (_faults.Count == before) CheckId(At(name), id, _faults);
        return id;
    }

    public static void CheckId(string path, string id, FaultCollector faults)
    {
        if (Identifiers.Check(id) is var (code, reason)) faults.Add(path, code, reason);
    }

    public int Int(string name)
    {
        if (!TryGet(name, out var value)) return Missing(name, 0);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? number : Wrong(name, value, "a whole number", 0);
    }

    /// <summary>A decimal written as a string, so that no reader on the way takes it for binary floating point.</summary>
    public ExactDecimal Decimal(string name)
    {
        var before = _faults.Count;
        var text = Text(name);
        if (_faults.Count > before) return default;
        if (!ExactDecimal.TryParse(text, out var value, out var error)) _faults.Add(At(name), "DECIMAL_INVALID", $"'{text}' {error}");
        return value;
    }

    public Timestamp Time(string name)
    {
        var before = _faults.Count;
        var text = Text(name);
        if (_faults.Count > before) return default;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, Utc, out var time)) return Timestamp.From(time);
        _faults.Add(At(name), "TIME_INVALID", $"'{text}' is not a UTC time such as 2026-01-31T00:00:00Z");
        return default;
    }

    /// <summary>An array's items with their paths; empty when the property is absent and need not be there.</summary>
    public IEnumerable<(JsonElement Item, string Path)> Array(string name, bool required)
    {
        if (!TryGet(name, out var value))
        {
            if (required) Missing(name, 0);
            return [];
        }
        if (value.ValueKind == JsonValueKind.Array) return value.EnumerateArray().Select((item, i) => (item, $"{At(name)}[{i}]"));
        Wrong(name, value, "an array", 0);
        return [];
    }

    T Missing<T>(string name, T fallback)
    {
        _faults.Add(At(name), "PROPERTY_MISSING", "is missing");
        return fallback;
    }

    T Wrong<T>(string name, JsonElement value, string expected, T fallback)
    {
        _faults.Add(At(name), "TYPE_WRONG", $"must be {expected}, is {value.ValueKind}");
        return fallback;
    }
}
