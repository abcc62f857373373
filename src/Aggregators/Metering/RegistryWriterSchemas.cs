using System.Collections.Concurrent;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Aggregators.Metering;

/// <summary>Events of producers that know another version of the schema: re-written by the rules of Avro's schema resolution, the writer's schema taken from the registry.</summary>
public sealed class RegistryWriterSchemas(ISchemaRegistry registry) : IWriterSchemas
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    static readonly AvroSchema Current = AvroSchema.Parse(UsageEvent.SchemaJson);

    readonly ConcurrentDictionary<int, (Transcoder? Transcoder, string Code)> _byId = [];

    public bool TryTranscode(int schemaId, ReadOnlySpan<byte> payload, out byte[] usageEvent, out string code)
    {
        usageEvent = [];
        (var transcoder, code) = Find(schemaId);
        if (transcoder is null) return false;
        try
        {
            usageEvent = transcoder.Transcode(payload);
            return true;
        }
        catch (AvroException)
        {
            code = "AVRO_MALFORMED";
            return false;
        }
    }

    (Transcoder?, string) Find(int schemaId)
    {
        if (_byId.TryGetValue(schemaId, out var known)) return known;
        using var deadline = new CancellationTokenSource(Patience);
        // The stream thread has nothing else to do until it knows; a registry that is away is an exception, and the record is tried again.
        var json = registry.GetSchemaAsync(schemaId, deadline.Token).WaitAsync(deadline.Token).GetAwaiter().GetResult();
        if (json is null) return (null, "SCHEMA_UNKNOWN");
        return _byId[schemaId] = Compile(json);
    }

    static (Transcoder?, string) Compile(string json)
    {
        try
        {
            return (new Transcoder(AvroSchema.Parse(json), Current), "");
        }
        catch (AvroException)
        {
            return (null, "SCHEMA_INCOMPATIBLE");
        }
    }
}
