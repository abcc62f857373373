using Streams.Schemas;

namespace Streams.ErpSink.OData;

/// <summary>What every OData ERP needs of a document.</summary>
static class Figures
{
    /// <summary>What the debits, and the credits, of a document's journal add up to: a negative amount changes the side.</summary>
    public static ExactDecimal Turnover(ErpDocument document) => document.Kind == DocumentKind.Receipt
        ? document.Total : document.Lines.Aggregate(Positive(document.Total), (sum, line) => sum + Positive(-line.Amount));

    public static ExactDecimal Positive(ExactDecimal amount) => amount > ExactDecimal.Zero ? amount : ExactDecimal.Zero;

    /// <summary>A line for people: the quantity, which the ERPs' own fields are too narrow for, stands here.</summary>
    public static string Text(ErpDocument document, ErpDocumentLine line, int length) => Cut($"{line.Product} {line.Meter} {document.Period}: {line.Quantity}", length);

    /// <summary>A header's text with the key at its end, whole whatever the length.</summary>
    public static string Title(ErpDocument document, int length) => $"{Cut($"Usage {document.Period}", length - document.DocumentKey.Length - 1)} {document.DocumentKey}";

    public static string Cut(string text, int length) => text.Length <= length ? text : text[..length];
}
