using Streams.Schemas.Registry;

namespace Streams.Broker.Registry;

/// <summary>A refusal with Confluent's error code, whose first three digits are the HTTP status.</summary>
sealed class RegistryError(int code, string message, Exception? inner = null) : Exception(message, inner)
{
    public int Code { get; } = code;

    /// <summary>Plain HTTP statuses (400, 415) are codes of their own.</summary>
    public int Status => Code >= 10_000 ? Code / 100 : Code;

    public static RegistryError SubjectNotFound(string subject) => new(SchemaRegistryErrors.SubjectNotFound, $"Subject '{subject}' not found.");

    public static RegistryError VersionNotFound(int version) => new(SchemaRegistryErrors.VersionNotFound, $"Version {version} not found.");

    public static RegistryError SchemaNotFound(int? id = null) => new(SchemaRegistryErrors.SchemaNotFound, id is null ? "Schema not found" : $"Schema {id} not found");

    public static RegistryError InvalidSchema(string reason, Exception? inner = null) => new(SchemaRegistryErrors.InvalidSchema, reason, inner);

    public static RegistryError InvalidVersion(string version) =>
        new(SchemaRegistryErrors.InvalidVersion, $"The version '{version}' is neither a number from 1 to 2147483647 nor 'latest'");

    public static RegistryError NotPermitted(string reason) => new(SchemaRegistryErrors.OperationNotPermitted, reason);

    public static RegistryError BadRequest(string reason) => new(400, reason);
}
