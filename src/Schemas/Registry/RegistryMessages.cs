using System.Text.Json.Serialization;

namespace Streams.Schemas.Registry;

/// <summary>A schema as one version of a subject.</summary>
public sealed record RegisteredSchema(string Subject, int Id, int Version, string Schema);

/// <summary>The verdict of a compatibility test; <see cref="Messages"/> are the registry's reasons, empty when compatible.</summary>
public sealed record CompatibilityVerdict(bool IsCompatible, IReadOnlyList<string> Messages);

sealed record SchemaBody(string Schema, string SchemaType = "AVRO");

sealed record IdBody(int? Id);

sealed record SchemaByIdBody(string? Schema, string? SchemaType);

sealed record VersionBody(string? Subject, int? Id, int? Version, string? Schema);

sealed record ErrorBody([property: JsonPropertyName("error_code")] int? ErrorCode, string? Message);

/// <summary>Answers name it compatibilityLevel, requests compatibility.</summary>
sealed record ConfigBody(string? CompatibilityLevel, string? Compatibility);

/// <summary>Confluent gives its reasons in messages, Apicurio one in reason.</summary>
sealed record VerdictBody([property: JsonPropertyName("is_compatible")] bool? IsCompatible, IReadOnlyList<string>? Messages, string? Reason);

sealed record ModeBody(string? Mode);

/// <summary>Compiled (de)serialization: names in camel case, absent members left out.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SchemaBody))]
[JsonSerializable(typeof(IdBody))]
[JsonSerializable(typeof(SchemaByIdBody))]
[JsonSerializable(typeof(VersionBody))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ConfigBody))]
[JsonSerializable(typeof(VerdictBody))]
[JsonSerializable(typeof(ModeBody))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<int>))]
sealed partial class RegistryJson : JsonSerializerContext;
