using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Consuming;

/// <summary>Turns a record into a document or into the reason why it is none. Only a registry that does not answer is an exception: that passes.</summary>
public sealed class DocumentReader(ISchemaRegistry registry)
{
    readonly ConcurrentDictionary<int, Rejection?> _schemas = new();

    /// <exception cref="SchemaRegistryException">The registry does not answer.</exception>
    public async Task<JudgedRecord> ReadAsync(IncomingRecord record, CancellationToken cancel = default)
    {
        var rejection = await CheckSchemaAsync(record.Value, cancel);
        if (rejection is not null) return new JudgedRecord(record, null, [], rejection);
        var avro = record.Value.AsSpan(WireFormat.HeaderSize).ToArray();
        try
        {
            var document = ErpDocument.Read(avro);
            rejection = DocumentRules.Check(document, record.Key);
            return rejection is null ? new JudgedRecord(record, document, avro, null) : new JudgedRecord(record, null, avro, rejection);
        }
        catch (AvroException e)
        {
            return new JudgedRecord(record, null, [], new Rejection("AVRO_MALFORMED", e.Message, "deserialization"));
        }
    }

    async Task<Rejection?> CheckSchemaAsync(byte[]? value, CancellationToken cancel)
    {
        if (value is null || !WireFormat.TryRead(value, out var id, out _))
            return new Rejection("AVRO_MALFORMED", "value: is not in the registry's wire format", "deserialization");
        if (_schemas.TryGetValue(id, out var known)) return known;
        try
        {
            var schema = await registry.GetSchemaAsync(id, cancel);
            // A missing schema may be registered later and is asked for again; a schema that exists never changes.
            if (schema is null) return Unknown(id);
            return _schemas[id] = Judge(id, schema);
        }
        catch (SchemaRegistryException e) when (e.ErrorCode != 0)
        {
            return Unknown(id);
        }
    }

    static Rejection Unknown(int id) => new("SCHEMA_UNKNOWN", $"value: the registry has no schema {id}", "deserialization");

    static Rejection? Judge(int id, string schema)
    {
        try
        {
            if (JsonNode.DeepEquals(JsonNode.Parse(schema), JsonNode.Parse(ErpDocument.SchemaJson))) return null;
        }
        catch (System.Text.Json.JsonException)
        {
            return new Rejection("SCHEMA_INCOMPATIBLE", $"value: schema {id} is not JSON", "deserialization");
        }
        return new Rejection("SCHEMA_INCOMPATIBLE", $"value: schema {id} is not the contract {ErpDocument.FullName}", "deserialization");
    }
}
