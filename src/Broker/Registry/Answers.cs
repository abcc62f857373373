using System.Text.Json.Serialization;

namespace Streams.Broker.Registry;

/// <summary>The body of a request that brings a schema.</summary>
sealed record SchemaRequest(string? Schema, string? SchemaType, IReadOnlyList<object>? References, int? Id, int? Version);

/// <summary>The body of a change of the compatibility level, and its echo.</summary>
sealed record ConfigRequest(string? Compatibility);

sealed record ConfigAnswer(string CompatibilityLevel);

sealed record IdAnswer(int Id);

sealed record SchemaAnswer(string Schema, string? SchemaType);

sealed record VersionAnswer(string Subject, int Id, int Version, string Schema, string? SchemaType)
{
    public static VersionAnswer Of(SchemaValue v) => new(v.Subject, v.Id, v.Version, v.Schema, v.SchemaType);
}

sealed record SubjectVersion(string Subject, int Version);

sealed record VerdictAnswer([property: JsonPropertyName("is_compatible")] bool IsCompatible, IReadOnlyList<string>? Messages);

sealed record ModeAnswer(string Mode);

sealed record ErrorAnswer([property: JsonPropertyName("error_code")] int ErrorCode, string Message);
