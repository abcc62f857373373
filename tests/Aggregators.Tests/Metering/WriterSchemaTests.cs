using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Streams.Aggregators.Metering;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Aggregators.Tests.Metering;

/// <summary>Producers that write the event with another schema.</summary>
public sealed class WriterSchemaTests
{
    const int Ours = 1, Theirs = 2;

    [Fact]
    public void An_event_has_the_same_identity_and_account_whatever_schema_it_was_written_with()
    {
        using var bench = new Bench(new() { UsageEventSchemaId = Ours }, writerSchemas: new RegistryWriterSchemas(new Registry()));
        var usage = Bench.Event("e-1", Bench.Noon);
        bench.Send(usage);
        bench.Send(Encoding.UTF8.GetBytes("c"), Swapped(usage));
        bench.Send(Encoding.UTF8.GetBytes("c"), Swapped(usage with { Id = "e-2" }));
        bench.Send(usage with { Id = "e-2" });
        bench.Flush(Bench.Noon + 3_600_000_000);
        var counts = bench.Commit();
        Assert.Equal((2, 2), (counts.Accepted, counts.Duplicate));
        Assert.Equal(["2"], bench.Rated().Select(r => r.Quantity.ToString()));
    }

    /// <summary>Source before id, and meter before customer.</summary>
    static byte[] Swapped(UsageEvent usage)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(buffer, Theirs);
        var writer = new AvroWriter(buffer);
        writer.WriteString(usage.Source);
        writer.WriteString(usage.Id);
        writer.WriteString(usage.Meter);
        writer.WriteString(usage.CustomerId);
        var whole = Bench.Encode(usage).AsSpan(5);
        var reader = new AvroReader(whole);
        for (var i = 0; i < 4; i++) reader.ReadBytes();
        writer.WriteFixed(whole[reader.Position..]);
        return buffer.WrittenSpan.ToArray();
    }

    sealed class Registry : ISchemaRegistry
    {
        public Task<int> GetIdAsync(string subject, string schemaJson, CancellationToken cancel = default) => throw new NotSupportedException();

        public Task<string?> GetSchemaAsync(int id, CancellationToken cancel = default)
        {
            var schema = JsonNode.Parse(UsageEvent.SchemaJson)!;
            var fields = schema["fields"]!.AsArray().Select(f => f!.DeepClone()).ToList();
            schema["fields"] = new JsonArray([fields[1], fields[0], fields[3], fields[2], .. fields[4..]]);
            return Task.FromResult<string?>(id == Theirs ? schema.ToJsonString() : null);
        }
    }
}
