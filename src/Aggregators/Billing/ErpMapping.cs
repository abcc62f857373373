using System.Globalization;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Numbers;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Schemas.Identity;

namespace Streams.Aggregators.Billing;

/// <summary>A document for the ERP, or (null) why there is none: a code and a reason. Both null: the document asks for nothing.</summary>
readonly record struct ErpMapped(ErpDocument? Document, string? Code, string? Reason);

/// <summary>
/// Billing documents as the ERPs take them: a line for each that has an amount, for coupons, for what a minimum or maximum changed, tax, and credit burned. What is
/// carried from one document to another is no line: there, one document pays the other. What is owed to the customer is a credit memo, whose lines state what is
/// credited. The key follows from kind, contract, period and, for corrections, their number.
/// </summary>
sealed class ErpMapping(string tenant)
{
    const int MaxText = 255;

    /// <param name="document">The document.</param>
    /// <param name="agreement">Its contract.</param>
    /// <param name="payer">Who gets it, if known.</param>
    /// <param name="lineage">The events behind a line; null for lines without usage.</param>
    public ErpMapped Map(InvoiceDocument document, Agreement agreement, Customer? payer, Func<InvoiceLine, (LineageRange Range, long Windows)?> lineage)
    {
        if (payer is null) return new(null, "CUSTOMER_UNKNOWN", $"payer: '{document.Payer}' is not known");
        var places = Money.MinorUnits(document.Currency);
        var due = document.Net + document.Tax - document.Credit;
        if (due.Round(places, RoundingMode.HalfEven) != due) return new(null, "TOTAL_NOT_ROUNDED", $"total: {due} has more decimals than {document.Currency}");
        try
        {
            var lines = Lines(document, due, places, lineage);
            if (lines.Count == 0) return default;
            return new(DocumentHash.Put(due.Sign < 0 ? Document(document, agreement, payer, DocumentKind.CreditMemo, [.. lines.Select(Credited)]) : Document(document, agreement, payer, DocumentKind.ArInvoice, lines)), null, null);
        }
        catch (OverflowException)
        {
            return new(null, "AMOUNT_TOO_LARGE", "lines: an amount or a quantity has more than 28 digits");
        }
    }

    static List<ErpDocumentLine> Lines(InvoiceDocument document, Exact due, int places, Func<InvoiceLine, (LineageRange Range, long Windows)?> lineage)
    {
        var lines = new List<ErpDocumentLine>();
        void Add(string product, string meter, Exact quantity, Exact rated, Exact amount, (LineageRange Range, long Windows)? from)
        {
            var posted = amount.Round(places, RoundingMode.HalfEven);
            if (posted.IsZero && rated.IsZero) return;
            lines.Add(new()
            {
                Line = lines.Count + 1, Product = Cut(product), Meter = Cut(meter), Quantity = quantity.ToExactDecimal(), RatedAmount = rated.ToExactDecimal(), Amount = posted.ToExactDecimal(),
                Windows = from?.Windows ?? 0, Events = from?.Range.Events ?? 0, Lineage = from is { } known ? [known.Range] : [],
            });
        }
        foreach (var line in document.Lines)
        {
            if (!line.Amount.IsZero) Add(line.Product, line.Meter ?? line.Charge, line.Quantity, line.Unrounded, line.Amount, lineage(line));
        }
        foreach (var coupon in document.Coupons) Add("coupon", coupon.Coupon, Exact.One, -coupon.Amount, -coupon.Amount, null);
        Add("adjustment", "adjustment", Exact.One, document.Adjustment, document.Adjustment, null);
        Add("tax", "tax", Exact.One, document.Tax, document.Tax, null);
        foreach (var burn in document.Burns.GroupBy(b => b.Grant)) Add("credit", burn.Key, Exact.One, -Exact.Sum(burn.Select(b => b.Amount)), -Exact.Sum(burn.Select(b => b.Amount)), null);
        var posted = Exact.Sum(lines.Select(l => (Exact)l.Amount));
        if (posted != due) Add("rounding", "rounding", Exact.One, due - posted, due - posted, null);
        return lines;
    }

    static ErpDocumentLine Credited(ErpDocumentLine line) => line with { Quantity = -line.Quantity, RatedAmount = -line.RatedAmount, Amount = -line.Amount };

    static string Cut(string text) => text.Length <= MaxText ? text : text[..MaxText];

    ErpDocument Document(InvoiceDocument document, Agreement agreement, Customer payer, DocumentKind kind, List<ErpDocumentLine> lines)
    {
        var (period, revision) = PeriodOf(document, agreement);
        var version = agreement.Contract.At(new(document.At.Micros - 1))?.Version ?? agreement.Contract.Versions[^1].Version;
        return new()
        {
            DocumentKey = PostingKey.Create(tenant, payer.LegalEntity, kind == DocumentKind.CreditMemo ? "CREDIT_MEMO" : "AR_INVOICE", period, document.Currency, PostingKey.Party(payer.Id, document.Contract, version), revision),
            Tenant = tenant, LegalEntity = payer.LegalEntity, Kind = kind, CustomerId = payer.Id, ContractId = document.Contract, ContractVersion = version,
            Period = period, Revision = revision, Currency = document.Currency,
            DocumentDate = agreement.Calendar.Zone.DateOf(document.Kind == InvoiceKind.Opening ? document.At : new(document.At.Micros - 1)),
            ServiceFrom = document.Period.Start, ServiceTo = document.Period.End, Lines = lines,
            RatedTotal = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.RatedAmount), Total = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount), ContentHash = "",
        };
    }

    /// <summary>
    /// The month in which the period ends, and revision 1; what comes before a period's own document has its name behind it, and corrections are further revisions of what
    /// they correct.
    /// </summary>
    static (string Period, int Revision) PeriodOf(InvoiceDocument document, Agreement agreement)
    {
        var parts = document.Id.Split('/');
        var (name, ordinal) = (parts[^1], int.Parse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture));
        var month = agreement.Period(ordinal).Whole.EndDay.AddDays(-1).ToString("yyyy-MM", CultureInfo.InvariantCulture);
        return document.Kind switch
        {
            InvoiceKind.Period => (month, 1),
            InvoiceKind.Correction => (month, 1 + int.Parse(name.AsSpan("correction-".Length), NumberStyles.None, CultureInfo.InvariantCulture)),
            _ => ($"{month} {name}", 1),
        };
    }
}
