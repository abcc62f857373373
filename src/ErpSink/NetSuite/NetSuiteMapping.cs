using System.Text.Json;
using System.Text.Json.Serialization;

namespace Streams.ErpSink.NetSuite;

/// <summary>
/// From the product's names to NetSuite's internal ids. In each table "*" stands for everything that is not listed, and the value "{key}" for the key itself.
/// Items and revenue accounts are looked for as "product/meter", then by product, then by meter.
/// </summary>
public sealed record NetSuiteMapping
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>Legal entity → subsidiary.</summary>
    public required IReadOnlyDictionary<string, string> Subsidiaries { get; init; }

    /// <summary>ISO 4217 → currency.</summary>
    public required IReadOnlyDictionary<string, string> Currencies { get; init; }

    /// <summary>Customer id → entity.</summary>
    public required IReadOnlyDictionary<string, string> Customers { get; init; }

    public required IReadOnlyDictionary<string, string> Items { get; init; }

    public required IReadOnlyDictionary<string, string> RevenueAccounts { get; init; }

    public required string ReceivableAccount { get; init; }

    /// <summary>The mapping built in.</summary>
    public static NetSuiteMapping Default { get; } = ReadDefault();

    /// <exception cref="ArgumentException">Names what is wrong with the text.</exception>
    public static NetSuiteMapping Parse(string json)
    {
        try
        {
            var mapping = JsonSerializer.Deserialize<NetSuiteMapping>(json, Json) ?? throw new ArgumentException("NetSuite mapping: is null");
            mapping.Validate();
            return mapping;
        }
        catch (JsonException e)
        {
            throw new ArgumentException($"NetSuite mapping: {e.Message}", e);
        }
    }

    /// <exception cref="ArgumentException">Names the entry that is empty.</exception>
    public void Validate()
    {
        Check("subsidiaries", Subsidiaries);
        Check("currencies", Currencies);
        Check("customers", Customers);
        Check("items", Items);
        Check("revenueAccounts", RevenueAccounts);
        if (string.IsNullOrWhiteSpace(ReceivableAccount)) throw new ArgumentException("NetSuite mapping: receivableAccount is empty");
    }

    /// <summary>The id that a table gives to the first of the keys that it lists, to "*" otherwise, or null.</summary>
    public static string? Find(IReadOnlyDictionary<string, string> table, params ReadOnlySpan<string> keys)
    {
        foreach (var key in keys)
        {
            if (table.TryGetValue(key, out var id)) return Resolve(id, key);
        }
        return table.TryGetValue("*", out var other) ? Resolve(other, keys[^1]) : null;
    }

    static string Resolve(string id, string key) => id == "{key}" ? key : id;

    static void Check(string name, IReadOnlyDictionary<string, string> table)
    {
        if (table.Count == 0) throw new ArgumentException($"NetSuite mapping: {name} is empty");
        foreach (var (key, id) in table)
        {
            if (string.IsNullOrWhiteSpace(id)) throw new ArgumentException($"NetSuite mapping: {name}.{key} is empty");
        }
    }

    static NetSuiteMapping ReadDefault()
    {
        using var reader = new StreamReader(typeof(NetSuiteMapping).Assembly.GetManifestResourceStream("default-mapping.json")!);
        return Parse(reader.ReadToEnd());
    }
}
