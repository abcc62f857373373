using System.Buffers;
using System.Globalization;
using System.Text;
using Streams.ErpSink.Consuming;
using Streams.Schemas;
using Streams.Schemas.Identity;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Tests;

/// <summary>Documents as the billing topology would make them.</summary>
static class Documents
{
    public const int SchemaId = 7;

    public static ErpDocument Create(
        int customer, string period = "2026-01", int revision = 1, string currency = "USD", DocumentKind kind = DocumentKind.ArInvoice, string prefix = "cust", decimal factor = 1)
    {
        var id = $"{prefix}-{customer.ToString(CultureInfo.InvariantCulture)}";
        var lines = Enumerable.Range(1, 1 + customer % 3).Select(n => Line(n, customer, factor)).ToList();
        var month = DateOnly.ParseExact(period + "-01", "yyyy-MM-dd", CultureInfo.InvariantCulture);
        var document = new ErpDocument
        {
            DocumentKey = PostingKey.Create("acme", "US01", DocumentRules.KindName(kind), period, currency, id, revision),
            Tenant = "acme",
            LegalEntity = "US01",
            Kind = kind,
            CustomerId = id,
            ContractId = $"contract-{id}",
            ContractVersion = 1,
            Period = period,
            Revision = revision,
            Currency = currency,
            DocumentDate = month.AddMonths(1).AddDays(-1),
            ServiceFrom = Timestamp.From(new DateTimeOffset(month.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)),
            ServiceTo = Timestamp.From(new DateTimeOffset(month.AddMonths(1).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero)),
            Lines = lines,
            RatedTotal = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.RatedAmount),
            Total = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount),
            ContentHash = "",
        };
        return Hashed(document);
    }

    public static ErpDocument Hashed(ErpDocument document) => DocumentHash.Put(document);

    /// <summary>As a record of the documents topic.</summary>
    public static IncomingRecord Record(ErpDocument document, long offset, int partition = 0)
    {
        var value = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(value, SchemaId);
        document.Write(value);
        return new IncomingRecord(Topics.ErpDocuments, partition, offset, Encoding.UTF8.GetBytes(document.CustomerId), value.WrittenSpan.ToArray(), []);
    }

    static ErpDocumentLine Line(int n, int customer, decimal factor)
    {
        var rated = ExactDecimal.Parse(((customer * 17.123456m + n * 3.005m) * factor).ToString(CultureInfo.InvariantCulture));
        return new ErpDocumentLine
        {
            Line = n,
            Product = "api",
            Meter = $"api.requests{n}",
            Quantity = ExactDecimal.FromInteger(1000 * n),
            RatedAmount = rated,
            Amount = rated.Round(2),
            Windows = 10,
            Events = 100,
            Lineage = [new LineageRange { Topic = Topics.UsageEvents, Partition = 3, FirstOffset = customer * 100L, LastOffset = customer * 100L + 99, Events = 100 }],
        };
    }
}

/// <summary>A registry that knows the schema of documents, and has an id for others.</summary>
sealed class FixedRegistry(string? schema = null) : ISchemaRegistry
{
    public bool Silent { get; set; }

    public Task<int> GetIdAsync(string subject, string schemaJson, CancellationToken cancel = default) =>
        Silent ? throw new SchemaRegistryException(0, "no answer") : Task.FromResult(schemaJson == ErpDocument.SchemaJson ? Documents.SchemaId : 11);

    public Task<string?> GetSchemaAsync(int id, CancellationToken cancel = default) =>
        Silent ? throw new SchemaRegistryException(0, "no answer") : Task.FromResult(id == Documents.SchemaId ? schema ?? ErpDocument.SchemaJson : null);
}
