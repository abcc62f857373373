using System.Text;
using System.Text.RegularExpressions;
using Streams.ErpSink.Reversing;
using Streams.Schemas;
using Streams.Schemas.Identity;

namespace Streams.ErpSink.Consuming;

/// <summary>What must hold of a document before the ledger takes it: it is what its maker hashed, it adds up, and its key follows from it.</summary>
public static partial class DocumentRules
{
    /// <summary>Lines of one document; NetSuite's own limit for a transaction.</summary>
    public const int MaxLines = 10_000;

    const int MaxTextLength = 255;

    /// <summary>The first rule that the document breaks, or null.</summary>
    /// <param name="reverses">The key of the document that it says it reverses; null: none.</param>
    public static Rejection? Check(ErpDocument document, ReadOnlySpan<byte> recordKey, string? reverses = null)
    {
        var (code, detail) = FirstBreach(document, recordKey, reverses);
        return code is null ? null : new Rejection(code, detail!, "validation");
    }

    /// <summary>The kind as contracts and keys spell it.</summary>
    public static string KindName(DocumentKind kind) => kind switch
    {
        DocumentKind.ArInvoice => "AR_INVOICE",
        DocumentKind.GlJournal => "GL_JOURNAL",
        DocumentKind.CreditMemo => "CREDIT_MEMO",
        DocumentKind.Receipt => "RECEIPT",
        _ => "UNKNOWN",
    };

    /// <summary>What the document adds to what is receivable: credit memos and receipts take away.</summary>
    public static ExactDecimal Balance(ErpDocument document) => document.Kind is DocumentKind.CreditMemo or DocumentKind.Receipt ? -document.Total : document.Total;

    static (string? Code, string? Detail) FirstBreach(ErpDocument d, ReadOnlySpan<byte> recordKey, string? reverses)
    {
        if (d.Kind == DocumentKind.Unknown) return ("KIND_UNKNOWN", "kind: is one that this version does not know");
        foreach (var (field, text) in Texts(d))
        {
            if (text.Length is 0 or > MaxTextLength) return ("FIELD_INVALID", $"{field}: has {text.Length} characters, 1 to {MaxTextLength} are allowed");
            if (text.AsSpan().ContainsAnyInRange('\0', '\u001f')) return ("FIELD_INVALID", $"{field}: holds a control character");
        }
        if (!KeyPattern().IsMatch(d.DocumentKey)) return ("FIELD_INVALID", "document_key: is not 16 characters of Crockford's base 32");
        if (!CurrencyPattern().IsMatch(d.Currency)) return ("CURRENCY_INVALID", $"currency: '{d.Currency}' is not an ISO 4217 code");
        if (d.Revision < 1) return ("FIELD_INVALID", $"revision: {d.Revision} is below 1");
        if (!d.ServiceFrom.IsRepresentable || !d.ServiceTo.IsRepresentable || d.ServiceFrom >= d.ServiceTo)
            return ("FIELD_INVALID", "service_to: does not lie behind service_from");
        if (d.Lines.Count is 0 or > MaxLines) return ("FIELD_INVALID", $"lines: there are {d.Lines.Count}, 1 to {MaxLines} are allowed");
        if (!recordKey.SequenceEqual(Encoding.UTF8.GetBytes(d.CustomerId))) return ("RECORD_KEY_MISMATCH", "record key: is not the customer_id");
        if (reverses is not null && !KeyPattern().IsMatch(reverses)) return ("FIELD_INVALID", $"header {DocumentHeaders.Reverses}: is not the key of a document");
        if (reverses is null ? !KeyFollows(d) : !KeyFollows(d, reverses)) return ("DOCUMENT_KEY_MISMATCH", "document_key: does not follow from tenant, entity, kind, period, currency, party and revision");
        if (DocumentHash.Of(d) != d.ContentHash) return ("CONTENT_HASH_MISMATCH", "content_hash: is not the hash of this content");
        return SumBreach(d);
    }

    static (string? Code, string? Detail) SumBreach(ErpDocument d)
    {
        try
        {
            ExactDecimal amounts = default, rated = default;
            for (var i = 0; i < d.Lines.Count; i++)
            {
                var line = d.Lines[i];
                if (line.Line != i + 1) return ("FIELD_INVALID", $"lines[{i}].line: is {line.Line}, expected {i + 1}");
                if (line.Amount != line.Amount.Round(Money.MinorUnits(d.Currency)))
                    return ("AMOUNT_NOT_ROUNDED", $"lines[{i}].amount: {line.Amount} has more decimals than {d.Currency}");
                amounts += line.Amount;
                rated += line.RatedAmount;
                if (line.Lineage.Any(range => range.FirstOffset > range.LastOffset || range.FirstOffset < 0 || range.Topic.Contains('\0')))
                    return ("FIELD_INVALID", $"lines[{i}].lineage: a range ends before it begins");
            }
            if (amounts != d.Total) return ("TOTAL_MISMATCH", $"total: is {d.Total}, the lines' amounts add up to {amounts}");
            return rated != d.RatedTotal ? ("TOTAL_MISMATCH", $"rated_total: is {d.RatedTotal}, the lines' rated amounts add up to {rated}") : (null, null);
        }
        catch (OverflowException)
        {
            return ("TOTAL_MISMATCH", "total: the lines add up to more than 28 digits");
        }
    }

    // The party of the key is the customer, or customer, contract and version where the customer has several documents in the period.
    static bool KeyFollows(ErpDocument d)
    {
        string[] parties = [d.CustomerId, PostingKey.Party(d.CustomerId, d.ContractId, d.ContractVersion)];
        return parties.Any(party => !HoldsSeparator(d, party) &&
            PostingKey.Create(d.Tenant, d.LegalEntity, KindName(d.Kind), d.Period, d.Currency, party, d.Revision) == d.DocumentKey);
    }

    static bool KeyFollows(ErpDocument d, string reverses) => !HoldsSeparator(d, d.CustomerId) && CounterDocument.KeyOf(d, reverses) == d.DocumentKey;

    static bool HoldsSeparator(ErpDocument d, string party) => (d.Tenant + d.LegalEntity + d.Period + party).Contains('|');

    static IEnumerable<(string, string)> Texts(ErpDocument d)
    {
        yield return ("tenant", d.Tenant);
        yield return ("legal_entity", d.LegalEntity);
        yield return ("customer_id", d.CustomerId);
        yield return ("contract_id", d.ContractId);
        yield return ("period", d.Period);
        foreach (var line in d.Lines)
        {
            yield return ($"lines[{line.Line}].product", line.Product);
            yield return ($"lines[{line.Line}].meter", line.Meter);
        }
    }

    [GeneratedRegex("^[0-9A-HJKMNP-TV-Z]{16}\\z")]
    private static partial Regex KeyPattern();

    [GeneratedRegex("^[A-Z]{3}\\z")]
    private static partial Regex CurrencyPattern();
}
