using Streams.ErpSink.Mapping;
using Streams.Schemas;

namespace Streams.ErpSink.Posting;

/// <summary>What every ERP wants of a document, checked before a call is spent on it.</summary>
public static class PreflightRules
{
    /// <summary>Missing entries that one refusal names.</summary>
    const int MaxNamed = 20;

    /// <summary>What the signs and the kind do not allow: documents for customers do not go below zero, receipts apply positive amounts by one way of payment.</summary>
    public static ErpAnswer? Signs(ErpDocument document)
    {
        if (document.Kind is DocumentKind.ArInvoice && document.Total < ExactDecimal.Zero)
            return Refusal("NEGATIVE_INVOICE", $"total: {document.Total} is negative; an invoice cannot be, it needs a credit memo");
        if (document.Kind is DocumentKind.CreditMemo && document.Total < ExactDecimal.Zero)
            return Refusal("NEGATIVE_CREDIT_MEMO", $"total: {document.Total} is negative; what is credited stands as positive amounts");
        if (document.Kind is not DocumentKind.Receipt) return null;
        if (document.Lines.FirstOrDefault(l => l.Amount <= ExactDecimal.Zero) is { } line)
            return Refusal("RECEIPT_NOT_POSITIVE", $"lines[{line.Line}].amount: {line.Amount} is not positive; a refund is a document of its own");
        return document.Lines.Any(l => l.Product != document.Lines[0].Product)
            ? Refusal("RECEIPT_MIXED", "lines.product: a receipt has one way of payment") : null;
    }

    /// <summary>Amounts that the ERP's field does not hold.</summary>
    public static ErpAnswer? Size(ErpDocument document, ExactDecimal limit, string erp)
    {
        var amounts = document.Lines.Select(l => l.Amount).Append(document.Total);
        return amounts.Any(a => a >= limit || a <= -limit) ? Refusal("AMOUNT_TOO_LARGE", $"lines.amount: {erp} takes no amount from {limit} on") : null;
    }

    /// <summary>What the mapping lacks for a key, as a text; null when it has an entry.</summary>
    /// <param name="keys">The first is the one that is named.</param>
    public static string? Missing(ErpMapping mapping, string table, params ReadOnlySpan<string> keys) =>
        mapping.Find(table, keys) is null ? $"tables.{table} has no entry for '{keys[0]}'" : null;

    /// <summary>The same for a line: by product and meter, then product, then meter.</summary>
    public static string? Missing(ErpMapping mapping, string table, ErpDocumentLine line) => Missing(mapping, table, $"{line.Product}/{line.Meter}", line.Product, line.Meter);

    /// <summary>One refusal that names everything that is missing, or null.</summary>
    public static ErpAnswer? Mapping(ErpMapping mapping, IEnumerable<string?> missing)
    {
        var all = missing.OfType<string>().Distinct().Take(MaxNamed + 1).ToList();
        if (all.Count == 0) return null;
        var named = string.Join("; ", all.Take(MaxNamed));
        return Refusal("MAPPING_MISSING", $"mapping for {mapping.Erp}: {named}{(all.Count > MaxNamed ? "; and more" : "")}");
    }

    public static ErpAnswer Refusal(string code, string detail) => new(ErpOutcome.Validation, Code: code, Detail: detail);
}
