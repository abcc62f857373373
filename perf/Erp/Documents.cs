using System.Buffers;
using System.Globalization;
using System.Text;
using Streams.ErpSink.Consuming;
using Streams.Schemas;
using Streams.Schemas.Identity;
using Streams.Schemas.Registry;

namespace Streams.Perf.Erp;

/// <summary>Invoices of two lines, as the billing topology makes them.</summary>
static class Documents
{
    const int SchemaId = 1;

    public static IEnumerable<IncomingRecord> Records(long from, long count)
    {
        for (var n = from; n < from + count; n++) yield return Record(n, 0);
    }

    public static IncomingRecord Record(long n, int partition)
    {
        var document = Create(n);
        var value = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(value, SchemaId);
        document.Write(value);
        return new(Topics.ErpDocuments, partition, n, Encoding.UTF8.GetBytes(document.CustomerId), value.WrittenSpan.ToArray(), []);
    }

    public static ErpDocument Create(long n)
    {
        var customer = string.Create(CultureInfo.InvariantCulture, $"cust-{n:D7}");
        ErpDocumentLine[] lines = [Line(1, n, "api.requests"), Line(2, n, "storage.gb")];
        var document = new ErpDocument
        {
            DocumentKey = PostingKey.Create("perf", "US01", "AR_INVOICE", "2026-01", "USD", customer, 1), Tenant = "perf", LegalEntity = "US01", Kind = DocumentKind.ArInvoice,
            CustomerId = customer, ContractId = $"contract-{customer}", ContractVersion = 1, Period = "2026-01", Revision = 1, Currency = "USD", DocumentDate = new(2026, 1, 31),
            ServiceFrom = Timestamp.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), ServiceTo = Timestamp.From(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero)),
            Lines = lines, RatedTotal = lines[0].RatedAmount + lines[1].RatedAmount, Total = lines[0].Amount + lines[1].Amount, ContentHash = "",
        };
        return DocumentHash.Put(document);
    }

    static ErpDocumentLine Line(int number, long n, string meter)
    {
        var amount = new ExactDecimal((n % 10_000 + number) * 12_340_000_000);
        return new()
        {
            Line = number, Product = "api", Meter = meter, Quantity = ExactDecimal.FromInteger(n), RatedAmount = amount, Amount = amount, Windows = 40, Events = 4_000,
            Lineage = [new LineageRange { Topic = Topics.UsageEvents, Partition = (int)(n % 12), FirstOffset = n * 4_000, LastOffset = n * 4_000 + 3_999, Events = 4_000 }],
        };
    }
}

/// <summary>Knows the one schema.</summary>
sealed class OneSchema : ISchemaRegistry
{
    public Task<int> GetIdAsync(string subject, string schemaJson, CancellationToken cancel = default) => Task.FromResult(1);

    public Task<string?> GetSchemaAsync(int id, CancellationToken cancel = default) => Task.FromResult<string?>(ErpDocument.SchemaJson);
}
