using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Aggregators.Editions;

/// <summary>From a position of a partition on, these definitions held (by hash; null: no longer), under these settings.</summary>
public sealed record TakeUp(string Topic, int Partition, long Offset, int Part, EditionSettings Settings, IReadOnlyList<KeyValuePair<DefinitionKey, string?>> Definitions);

/// <summary>
/// The records of contracts.editions, canonical JSON each. Definitions and editions have the SHA-256 of their value as key, so that they are written once and cannot
/// change; what was taken up has its position.
/// </summary>
public static class EditionRecords
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A contract file with this one definition.</summary>
    public static byte[] Definition(DefinitionKey key, string body) => Encoding.UTF8.GetBytes($"{{\"{ListOf(key.Kind)}\":[{body}]}}");

    /// <summary>Which definitions a contract's edition is made of, by hash.</summary>
    public static byte[] Edition(string contract, IEnumerable<KeyValuePair<DefinitionKey, string?>> definitions) => Write(json =>
    {
        json.WriteString("contract", contract);
        Definitions(json, definitions);
    });

    public static byte[] TakeUp(TakeUp taken) => Write(json =>
    {
        json.WriteString("topic", taken.Topic);
        json.WriteNumber("partition", taken.Partition);
        json.WriteNumber("offset", taken.Offset);
        json.WriteNumber("part", taken.Part);
        json.WritePropertyName("settings");
        json.WriteRawValue(taken.Settings.ToString());
        Definitions(json, taken.Definitions);
    });

    public static byte[] KeyOf(TakeUp taken) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{taken.Topic}/{taken.Partition}/{taken.Offset:D19}/{taken.Part:D6}"));

    public static string Hash(ReadOnlySpan<byte> value) => Convert.ToHexStringLower(SHA256.HashData(value));

    /// <summary>Reads what was taken up; null: the record is a definition or an edition.</summary>
    /// <exception cref="FormatException">Neither.</exception>
    public static TakeUp? ReadTakeUp(JsonElement json)
    {
        if (!json.TryGetProperty("offset", out var offset)) return null;
        var definitions = json.GetProperty("definitions").EnumerateObject().Select(d => KeyValuePair.Create(DefinitionKey.Parse(d.Name), d.Value.GetString())).ToList();
        return new(json.GetProperty("topic").GetString()!, json.GetProperty("partition").GetInt32(), offset.GetInt64(), json.GetProperty("part").GetInt32(),
            EditionSettings.Parse(json.GetProperty("settings").GetRawText()), definitions);
    }

    /// <summary>Reads a definition; null: the record is something else.</summary>
    public static ContractEntry? ReadDefinition(JsonElement json)
    {
        foreach (var kind in Enum.GetValues<EntryKind>())
        {
            if (!json.TryGetProperty(ListOf(kind), out var list)) continue;
            var body = list[0];
            return new() { Kind = kind, Id = body.GetProperty("id").GetString()!, Body = body.GetRawText(), ChangedBy = "", ChangedAt = default };
        }
        return null;
    }

    static string ListOf(EntryKind kind) => kind switch
    {
        EntryKind.Customer => "customers",
        EntryKind.Meter => "meters",
        EntryKind.PriceBook => "priceBooks",
        EntryKind.Contract => "contracts",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    static void Definitions(Utf8JsonWriter json, IEnumerable<KeyValuePair<DefinitionKey, string?>> definitions)
    {
        json.WriteStartObject("definitions");
        foreach (var (key, hash) in definitions) json.WriteString(key.ToString(), hash);
        json.WriteEndObject();
    }

    static byte[] Write(Action<Utf8JsonWriter> content)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            content(json);
            json.WriteEndObject();
        }
        return buffer.ToArray();
    }
}
