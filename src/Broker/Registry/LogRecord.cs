using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Streams.Broker.Registry;

/// <summary>The key of a record of the schemas topic, as Confluent's registry writes it: compaction compares its bytes, so the order of members is fixed.</summary>
sealed record LogKey(
    [property: JsonPropertyName("keytype"), JsonPropertyOrder(0)] string? KeyType,
    [property: JsonPropertyName("subject"), JsonPropertyOrder(1)] string? Subject,
    [property: JsonPropertyName("version"), JsonPropertyOrder(2)] int? Version,
    [property: JsonPropertyName("magic"), JsonPropertyOrder(3)] int? Magic)
{
    public const string SchemaType = "SCHEMA";
    public const string ConfigType = "CONFIG";
    public const string DeleteSubjectType = "DELETE_SUBJECT";
    public const string NoopType = "NOOP";

    public static LogKey Schema(string subject, int version) => new(SchemaType, subject, version, 1);

    /// <summary>The compatibility level of a subject, or the global one.</summary>
    public static LogKey Config(string? subject) => new(ConfigType, subject, null, 0);

    public static LogKey DeleteSubject(string subject) => new(DeleteSubjectType, subject, null, 0);

    /// <summary>Changes nothing by itself; its value is this registry's own note of the highest id, which Confluent's registry does not read.</summary>
    public static LogKey Noop { get; } = new(NoopType, null, null, 0);
}

/// <summary>A schema as one version of a subject.</summary>
sealed record SchemaValue(
    [property: JsonPropertyName("subject")] string Subject,
    [property: JsonPropertyName("version")] int Version,
    [property: JsonPropertyName("id")] int Id,
    [property: JsonPropertyName("schema")] string Schema,
    [property: JsonPropertyName("deleted")] bool Deleted)
{
    /// <summary>Null for Avro, as Confluent's registry writes it.</summary>
    [JsonPropertyName("schemaType")]
    public string? SchemaType { get; init; }
}

sealed record ConfigValue(
    [property: JsonPropertyName("subject")] string? Subject,
    [property: JsonPropertyName("compatibilityLevel")] string? CompatibilityLevel);

/// <summary>All versions up to this one are soft-deleted.</summary>
sealed record DeleteSubjectValue([property: JsonPropertyName("subject")] string Subject, [property: JsonPropertyName("version")] int Version);

/// <summary>The highest id ever given, kept so that no id is given again after its schema is gone for good.</summary>
sealed record HighestId([property: JsonPropertyName("maxId")] int MaxId);

/// <summary>One record of the schemas topic; a null value is a tombstone.</summary>
readonly record struct LogRecord(byte[] Key, byte[]? Value)
{
    public static LogRecord Of(SchemaValue value) =>
        new(Bytes(LogKey.Schema(value.Subject, value.Version)), JsonSerializer.SerializeToUtf8Bytes(value, LogJson.Plain.SchemaValue));

    public static LogRecord Of(ConfigValue value) =>
        new(Bytes(LogKey.Config(value.Subject)), JsonSerializer.SerializeToUtf8Bytes(value, LogJson.Plain.ConfigValue));

    public static LogRecord Of(DeleteSubjectValue value) =>
        new(Bytes(LogKey.DeleteSubject(value.Subject)), JsonSerializer.SerializeToUtf8Bytes(value, LogJson.Plain.DeleteSubjectValue));

    public static LogRecord Of(HighestId value) => new(Bytes(LogKey.Noop), JsonSerializer.SerializeToUtf8Bytes(value, LogJson.Plain.HighestId));

    public static LogRecord Tombstone(LogKey key) => new(Bytes(key), null);

    static byte[] Bytes(LogKey key) => JsonSerializer.SerializeToUtf8Bytes(key, LogJson.Plain.LogKey);
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LogKey))]
[JsonSerializable(typeof(SchemaValue))]
[JsonSerializable(typeof(ConfigValue))]
[JsonSerializable(typeof(DeleteSubjectValue))]
[JsonSerializable(typeof(HighestId))]
sealed partial class LogJson : JsonSerializerContext
{
    /// <summary>Escapes no more than JSON asks for, as Confluent's registry does: the bytes of keys must be the same.</summary>
    public static LogJson Plain { get; } = new(new JsonSerializerOptions
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });
}
