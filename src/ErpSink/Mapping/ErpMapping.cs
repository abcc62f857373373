using System.Text.Json;
using System.Text.Json.Serialization;

namespace Streams.ErpSink.Mapping;

/// <summary>
/// From the product's names to an ERP's: tables (e.g. customers, accounts) and settings (e.g. the receivable account), in a version of its own that holds from a date on.
/// In each table "*" stands for everything that is not listed, and the value "{key}" for the key itself.
/// </summary>
public sealed record ErpMapping
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowDuplicateProperties = false,
        MaxDepth = 4,
    };

    /// <summary>The kind of ERP that it is for, as <see cref="Posting.IErpConnector.Erp"/> spells it.</summary>
    public required string Erp { get; init; }

    /// <summary>Names this state of the mapping; stored with what was posted by it.</summary>
    public required string Version { get; init; }

    /// <summary>The first document date that it is used for.</summary>
    public DateOnly ValidFrom { get; init; } = DateOnly.MinValue;

    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    public required IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Tables { get; init; }

    /// <exception cref="ArgumentException">Names what is wrong with the text, and where.</exception>
    public static ErpMapping Parse(string json, MappingShape shape)
    {
        try
        {
            var mapping = JsonSerializer.Deserialize<ErpMapping>(json, Json) ?? throw new ArgumentException("mapping: is null");
            shape.Check(mapping);
            return mapping;
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"mapping: {e.Message}", e);
        }
    }

    /// <summary>The mapping that the assembly brings along for an ERP.</summary>
    public static ErpMapping BuiltIn(MappingShape shape)
    {
        using var reader = new StreamReader(typeof(ErpMapping).Assembly.GetManifestResourceStream($"mapping.{shape.Erp}.json")!);
        return Parse(reader.ReadToEnd(), shape);
    }

    /// <summary>The value that a table gives to the first of the keys that it lists, to "*" otherwise, or null.</summary>
    public string? Find(string table, params ReadOnlySpan<string> keys)
    {
        if (!Tables.TryGetValue(table, out var rows)) return null;
        foreach (var key in keys)
        {
            if (rows.TryGetValue(key, out var value)) return Resolve(value, key);
        }
        return rows.TryGetValue("*", out var other) ? Resolve(other, keys[^1]) : null;
    }

    /// <summary>A setting, or null.</summary>
    public string? Setting(string name) => Settings.GetValueOrDefault(name);

    static string Resolve(string value, string key) => value == "{key}" ? key : value;
}
