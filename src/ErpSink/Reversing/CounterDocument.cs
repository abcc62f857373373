using Streams.ErpSink.Consuming;
using Streams.Schemas;
using Streams.Schemas.Identity;

namespace Streams.ErpSink.Reversing;

/// <summary>
/// The document that takes back what another one posted. It follows from the original alone, without a clock, so that a reversal asked for twice is the same document; it keeps entity,
/// customer, contract, period, revision, currency, dates and lineage.
/// </summary>
public static class CounterDocument
{
    /// <exception cref="ArgumentException">The original is a receipt.</exception>
    public static ErpDocument Of(ErpDocument original)
    {
        var kind = original.Kind switch
        {
            DocumentKind.ArInvoice => DocumentKind.CreditMemo,
            DocumentKind.CreditMemo => DocumentKind.ArInvoice,
            DocumentKind.GlJournal => DocumentKind.GlJournal,
            _ => throw new ArgumentException($"kind: {DocumentRules.KindName(original.Kind)} {original.DocumentKey} has no counter-document"),
        };
        var counter = (kind == DocumentKind.GlJournal ? Negated(original) : original) with { Kind = kind };
        return DocumentHash.Put(counter with { DocumentKey = KeyOf(counter, original.DocumentKey) });
    }

    /// <summary>The key of a document that reverses another one: what is reversed is in it, in the place of the party.</summary>
    /// <exception cref="ArgumentException">A part of the key holds its separator.</exception>
    internal static string KeyOf(ErpDocument counter, string original) => PostingKey.Create(
        counter.Tenant, counter.LegalEntity, DocumentRules.KindName(counter.Kind), counter.Period, counter.Currency, PostingKey.Reversal(original), counter.Revision);

    // A journal has no kind that is its opposite: debits become credits.
    static ErpDocument Negated(ErpDocument journal) => journal with
    {
        Lines = [.. journal.Lines.Select(l => l with { Quantity = -l.Quantity, RatedAmount = -l.RatedAmount, Amount = -l.Amount })], RatedTotal = -journal.RatedTotal, Total = -journal.Total,
    };
}
