namespace Streams.Schemas.Registry;

/// <summary>Error codes of the Confluent REST API; the first three digits are the HTTP status.</summary>
public static class SchemaRegistryErrors
{
    /// <summary>No answer: connection refused, time-out, or something that is not a registry.</summary>
    public const int NoAnswer = 0;

    public const int SubjectNotFound = 40401;
    public const int VersionNotFound = 40402;
    public const int SchemaNotFound = 40403;
    public const int SubjectSoftDeleted = 40404;
    public const int SubjectNotSoftDeleted = 40405;
    public const int VersionSoftDeleted = 40406;
    public const int VersionNotSoftDeleted = 40407;
    public const int SubjectCompatibilityNotConfigured = 40408;
    public const int SubjectModeNotConfigured = 40409;
    public const int IncompatibleSchema = 40901;
    public const int InvalidSchema = 42201;
    public const int InvalidVersion = 42202;
    public const int InvalidCompatibility = 42203;
    public const int OperationNotPermitted = 42205;
    public const int InvalidSubject = 42208;
    public const int StoreError = 50001;
    public const int OperationTimedOut = 50002;
}
