using System.Buffers;
using System.Text;
using Streams.Schemas.Avro;

namespace Streams.Schemas.Tests.Avro;

/// <summary>The generated types against the schemas that they are made from.</summary>
public class ContractTests
{
    static readonly UsageEvent Event = new()
    {
        Id = "e-1", Source = "edge", CustomerId = "cust-42", Meter = "api.requests", OccurredAt = new(1_700_000_000_000_001), Quantity = ExactDecimal.Parse("-12.5"),
        Dimensions = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1", ["B"] = "Ä" }, CorrelationId = "c",
    };

    internal static byte[] Bytes(Action<IBufferWriter<byte>> write)
    {
        var output = new ArrayBufferWriter<byte>();
        write(output);
        return output.WrittenSpan.ToArray();
    }

    internal static readonly byte[] EventBytes = Bytes(Event.Write);

    internal static readonly byte[] DocumentBytes = Bytes(new ErpDocument
    {
        DocumentKey = "DJ6VKWABMY4Z6QQ1", Tenant = "acme", LegalEntity = "US01", Kind = DocumentKind.GlJournal, CustomerId = "cust-42", ContractId = "k", ContractVersion = 1,
        Period = "2026-07", Revision = 1, Currency = "USD", DocumentDate = new(2026, 7, 31), ServiceFrom = new(1), ServiceTo = new(2), RatedTotal = ExactDecimal.Parse("1.005"),
        Total = ExactDecimal.Parse("1"), ContentHash = "",
        Lines = [new() { Line = 1, Product = "p", Meter = "m", Quantity = ExactDecimal.FromInteger(3), RatedAmount = ExactDecimal.Parse("1.005"), Amount = ExactDecimal.FromInteger(1), Windows = 2, Events = 9,
            Lineage = [new() { Topic = "usage.events", Partition = 3, FirstOffset = 0, LastOffset = 99, Events = 9 }] }],
    }.Write);

    [Theory]
    [InlineData(UsageEvent.SchemaJson, UsageEvent.FullName)]
    [InlineData(RatedUsage.SchemaJson, RatedUsage.FullName)]
    [InlineData(Dispositions.SchemaJson, Dispositions.FullName)]
    [InlineData(ContractEntry.SchemaJson, ContractEntry.FullName)]
    [InlineData(ErpDocument.SchemaJson, ErpDocument.FullName)]
    [InlineData(ErpReceipt.SchemaJson, ErpReceipt.FullName)]
    public void Schemas_are_valid_and_follow_themselves(string json, string fullName)
    {
        var schema = AvroSchema.Parse(json);
        Assert.Equal(fullName, schema.TypeName);
        Assert.Empty(SchemaCompatibility.Check(CompatibilityMode.FullTransitive, schema, [schema]));
    }

    [Fact]
    public void Generated_and_generic_codecs_agree()
    {
        foreach (var (json, bytes) in (ReadOnlySpan<(string, byte[])>)[(UsageEvent.SchemaJson, EventBytes), (ErpDocument.SchemaJson, DocumentBytes)])
        {
            var schema = AvroSchema.Parse(json);
            Assert.Equal(bytes, DatumWriter.ToBytes(schema, new DatumReader(schema).Read(bytes)));
        }
        Assert.Equal(DocumentBytes, Bytes(ErpDocument.Read(DocumentBytes).Write));
        var read = UsageEvent.Read(EventBytes);
        Assert.Equal(Event with { Dimensions = read.Dimensions }, read);
        Assert.Equal(["B", "a", "b"], read.Dimensions.Keys);
    }

    [Fact]
    public void The_view_reads_in_place()
    {
        var view = UsageEventView.Read(EventBytes);
        Assert.Equal("cust-42", Encoding.UTF8.GetString(view.CustomerId));
        Assert.Equal(Event.OccurredAt, view.OccurredAt);
        Assert.Equal(Event.Quantity, view.Quantity);
        Assert.True(view.SubscriptionId.IsEmpty);
        Assert.Equal("c", Encoding.UTF8.GetString(view.CorrelationId));
        // The least of a few rounds: the runtime itself allocates now and then.
        Assert.Equal(0, Enumerable.Range(0, 5).Min(round =>
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 1000; i++) _ = UsageEventView.Read(EventBytes);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }));
    }

    [Fact]
    public void A_symbol_outside_the_enum_is_refused() =>
        Assert.Throws<AvroException>(() => Bytes(new ContractEntry { Kind = (EntryKind)9, Id = "", Body = "", ChangedBy = "", ChangedAt = default }.Write));

    [Fact]
    public void Data_of_an_older_version_become_the_generated_type()
    {
        var older = AvroSchema.Parse(UsageEvent.SchemaJson.Replace(""",{"name":"correlation_id","type":["null","string"],"default":null}""", "", StringComparison.Ordinal));
        Assert.Equal(8, ((RecordSchema)older).Fields.Count);
        var bytes = EventBytes[..^3]; // Without the branch, length and text of correlation_id.
        var read = UsageEvent.Read(new Transcoder(older, AvroSchema.Parse(UsageEvent.SchemaJson)).Transcode(bytes));
        Assert.Null(read.CorrelationId);
        Assert.Equal(Event.Quantity, read.Quantity);
    }
}
