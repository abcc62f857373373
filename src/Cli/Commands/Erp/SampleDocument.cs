using Streams.ErpSink.Consuming;
using Streams.Schemas;
using Streams.Schemas.Identity;

namespace Streams.Cli.Commands.Erp;

/// <summary>A document of January 2026 to try a mapping with.</summary>
static class SampleDocument
{
    public static ErpDocument Of(DocumentKind kind)
    {
        const string Customer = "acme";
        var invoice = PostingKey.Create("sample", "US01", DocumentRules.KindName(DocumentKind.ArInvoice), "2026-01", "USD", Customer, 1);
        ErpDocumentLine[] lines = kind == DocumentKind.Receipt ? [Line(1, "card", invoice, "120.50")] : [Line(1, "api", "api.requests", "100.50"), Line(2, "storage", "storage.gb", "20.00")];
        var total = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount);
        var document = new ErpDocument
        {
            DocumentKey = PostingKey.Create("sample", "US01", DocumentRules.KindName(kind), "2026-01", "USD", Customer, 1), Tenant = "sample", LegalEntity = "US01", Kind = kind,
            CustomerId = Customer, ContractId = "acme-2026", ContractVersion = 1, Period = "2026-01", Revision = 1, Currency = "USD", DocumentDate = new(2026, 1, 31),
            ServiceFrom = Timestamp.From(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)), ServiceTo = Timestamp.From(new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero)),
            Lines = lines, RatedTotal = total, Total = total, ContentHash = "",
        };
        return DocumentHash.Put(document);
    }

    static ErpDocumentLine Line(int number, string product, string meter, string amount) => new()
    {
        Line = number, Product = product, Meter = meter, Quantity = ExactDecimal.FromInteger(1000), RatedAmount = ExactDecimal.Parse(amount), Amount = ExactDecimal.Parse(amount),
        Windows = 1, Events = 1, Lineage = [],
    };
}
