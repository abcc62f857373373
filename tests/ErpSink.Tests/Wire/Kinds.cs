using Streams.Schemas;

namespace Streams.ErpSink.Tests.Wire;

/// <summary>Documents of each kind with plain amounts.</summary>
static class Kinds
{
    /// <summary>A document with one line per amount; its lines' meters are api.requests1, 2, …</summary>
    public static ErpDocument Of(DocumentKind kind, int customer, params string[] amounts)
    {
        var document = Documents.Create(customer, "2026-07", kind: kind);
        var lines = amounts.Select((a, i) => document.Lines[0] with
            { Line = i + 1, Meter = $"api.requests{i + 1}", Amount = ExactDecimal.Parse(a), RatedAmount = ExactDecimal.Parse(a) }).ToList();
        var total = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount);
        return Documents.Hashed(document with { DocumentKey = Key(kind, customer), Lines = lines, Total = total, RatedTotal = total });
    }

    /// <summary>A receipt that pays documents.</summary>
    public static ErpDocument Receipt(int customer, params (string Paid, string Amount)[] lines)
    {
        var document = Of(DocumentKind.Receipt, customer, [.. lines.Select(l => l.Amount)]);
        return Documents.Hashed(document with { Lines = [.. document.Lines.Select((l, i) => l with { Product = "wire", Meter = lines[i].Paid })] });
    }

    static string Key(DocumentKind kind, int customer) => Streams.Schemas.Identity.PostingKey.Create(
        "acme", "US01", Streams.ErpSink.Consuming.DocumentRules.KindName(kind), "2026-07", "USD", $"cust-{customer}", 1);
}
