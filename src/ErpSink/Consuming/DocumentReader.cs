using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Consuming;

/// <summary>
/// Turns a record into a document or into the reason why it is none. Documents of other versions of the schema are read by Avro's rules of resolution; their hash
/// shows whether anything was lost. Only a registry that does not answer is an exception: that passes.
/// </summary>
public sealed class DocumentReader(ISchemaRegistry registry)
{
    static readonly AvroSchema Current = AvroSchema.Parse(ErpDocument.SchemaJson);

    readonly ConcurrentDictionary<int, Writer> _schemas = new();

    /// <exception cref="SchemaRegistryException">The registry does not answer.</exception>
    public async Task<JudgedRecord> ReadAsync(IncomingRecord record, CancellationToken cancel = default)
    {
        var writer = await WriterAsync(record.Value, cancel);
        if (writer.Rejection is not null) return new JudgedRecord(record, null, [], writer.Rejection);
        try
        {
            var payload = record.Value.AsSpan(WireFormat.HeaderSize);
            var avro = writer.Transcoder is null ? payload.ToArray() : writer.Transcoder.Transcode(payload);
            var document = ErpDocument.Read(avro);
            var reverses = Reverses(record);
            var rejection = DocumentRules.Check(document, record.Key, reverses);
            return rejection is null ? new JudgedRecord(record, document, avro, null) { Reverses = reverses } : new JudgedRecord(record, null, avro, rejection);
        }
        catch (AvroException e)
        {
            return new JudgedRecord(record, null, [], new Rejection("AVRO_MALFORMED", e.Message, "deserialization"));
        }
    }

    static string? Reverses(IncomingRecord record) =>
        record.Headers.LastOrDefault(h => h.Key == DocumentHeaders.Reverses) is { Key: not null, Value: var value } ? Encoding.UTF8.GetString(value ?? []) : null;

    async Task<Writer> WriterAsync(byte[]? value, CancellationToken cancel)
    {
        if (value is null || !WireFormat.TryRead(value, out var id, out _))
            return Refused("AVRO_MALFORMED", "value: is not in the registry's wire format");
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

    static Writer Unknown(int id) => Refused("SCHEMA_UNKNOWN", $"value: the registry has no schema {id}");

    static Writer Judge(int id, string json)
    {
        try
        {
            var schema = AvroSchema.Parse(json);
            if (schema.TypeName != ErpDocument.FullName) return Refused("SCHEMA_INCOMPATIBLE", $"value: schema {id} is not the contract {ErpDocument.FullName}");
            return new(JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(ErpDocument.SchemaJson)) ? null : new Transcoder(schema, Current), null);
        }
        catch (AvroException e)
        {
            return Refused("SCHEMA_INCOMPATIBLE", $"value: schema {id}: {e.Message}");
        }
    }

    static Writer Refused(string code, string detail) => new(null, new(code, detail, "deserialization"));

    /// <summary>How documents of a schema are read: as they are (both null), re-written in the current schema, or not.</summary>
    sealed record Writer(Transcoder? Transcoder, Rejection? Rejection);
}
