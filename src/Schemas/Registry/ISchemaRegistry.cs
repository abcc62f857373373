namespace Streams.Schemas.Registry;

/// <summary>What producers and consumers need of a schema registry (Confluent REST API). Answers are cached for ever: a registered schema never changes.</summary>
public interface ISchemaRegistry
{
    /// <summary>The id under which <paramref name="subject"/> holds this very schema. Registers it when registration is on (development only).</summary>
    /// <exception cref="SchemaRegistryException">The subject does not hold it and registration is off, it is incompatible, or the registry does not answer.</exception>
    Task<int> GetIdAsync(string subject, string schemaJson, CancellationToken cancel = default);

    /// <summary>The schema of an id, or null when the registry has none (error 40403).</summary>
    Task<string?> GetSchemaAsync(int id, CancellationToken cancel = default);
}

/// <summary>A schema registry's refusal or silence. <see cref="ErrorCode"/> is Confluent's (e.g. 40401, 40901), or 0 when there was no answer.</summary>
public sealed class SchemaRegistryException(int errorCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ErrorCode { get; } = errorCode;
}
