using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.BusinessCentral;

/// <summary>
/// The product's names in Business Central's. Items, revenue accounts and tax codes are looked for as "product/meter", then by product, then by meter; an invoice
/// line names its item where one is listed, its revenue account otherwise.
/// </summary>
public sealed class BusinessCentralMapping(ErpMapping mapping)
{
    public static MappingShape Shape { get; } = new("businesscentral")
    {
        Tables = ["companies", "localCurrencies", "currencies", "customers", "revenueAccounts"],
        OptionalTables = ["items", "paymentAccounts", "taxCodes"],
        Settings = ["receivableAccount"],
        OptionalSettings = ["shortcutDimension1Code", "shortcutDimension2Code"],
    };

    public string ReceivableAccount => mapping.Setting("receivableAccount")!;

    public string? Dimension1 => mapping.Setting("shortcutDimension1Code");

    public string? Dimension2 => mapping.Setting("shortcutDimension2Code");

    /// <summary>The company's id.</summary>
    public string Company(ErpDocument document) => mapping.Find("companies", document.LegalEntity)!;

    public string Currency(ErpDocument document) => mapping.Find("currencies", document.Currency)!;

    /// <summary>Whether it is the currency of the company's ledger; Business Central often leaves that one out.</summary>
    public bool IsLocal(ErpDocument document) => mapping.Find("localCurrencies", document.LegalEntity) == document.Currency;

    public string Customer(ErpDocument document) => mapping.Find("customers", document.CustomerId)!;

    public string? Item(ErpDocumentLine line) => Of("items", line);

    public string RevenueAccount(ErpDocumentLine line) => Of("revenueAccounts", line)!;

    public string? TaxCode(ErpDocumentLine line) => Of("taxCodes", line);

    public string PaymentAccount(ErpDocument document) => mapping.Find("paymentAccounts", document.Lines[0].Product)!;

    /// <summary>Everything that Business Central would refuse or that the mapping lacks; null when there is nothing.</summary>
    public ErpAnswer? Preflight(ErpDocument document)
    {
        if (Faults(document).Distinct(StringComparer.Ordinal).ToList() is { Count: > 0 } faults)
            return Refusal("MAPPING_MISSING", $"mapping for {Shape.Erp}: {string.Join("; ", faults)}");
        if (document.Kind is DocumentKind.GlJournal or DocumentKind.Receipt && !IsLocal(document))
            return Refusal("FOREIGN_CURRENCY", $"currency: {document.Currency} is not the local currency of {document.LegalEntity}; Business Central's standard journals and payments have none but that");
        if (document.Kind != DocumentKind.GlJournal && document.Total < ExactDecimal.Zero)
            return Refusal("NEGATIVE_TOTAL", $"total: {document.Total} is negative; {(document.Kind == DocumentKind.ArInvoice ? "an invoice cannot be, it needs a credit memo" : "its amounts are positive")}");
        if (document.Kind != DocumentKind.Receipt) return null;
        if (document.Lines.Any(l => l.Amount <= ExactDecimal.Zero)) return Refusal("RECEIPT_NOT_POSITIVE", "lines.amount: a receipt applies amounts above zero");
        return document.Lines.Select(l => mapping.Find("paymentAccounts", l.Product)).Distinct(StringComparer.Ordinal).Count() > 1
            ? Refusal("RECEIPT_OF_SEVERAL_WAYS", "lines.product: the ways of payment of one receipt lead to several accounts; a payment journal has one") : null;
    }

    IEnumerable<string> Faults(ErpDocument document)
    {
        if (mapping.Find("companies", document.LegalEntity) is null) yield return Missing("companies", document.LegalEntity);
        if (mapping.Find("localCurrencies", document.LegalEntity) is null) yield return Missing("localCurrencies", document.LegalEntity);
        if (mapping.Find("currencies", document.Currency) is null) yield return Missing("currencies", document.Currency);
        if (document.Kind != DocumentKind.GlJournal && mapping.Find("customers", document.CustomerId) is null) yield return Missing("customers", document.CustomerId);
        foreach (var line in document.Lines)
        {
            if (document.Kind == DocumentKind.Receipt && mapping.Find("paymentAccounts", line.Product) is null) yield return Missing("paymentAccounts", line.Product);
            if (document.Kind != DocumentKind.Receipt && Of("revenueAccounts", line) is null && (document.Kind == DocumentKind.GlJournal || Item(line) is null))
                yield return Missing("revenueAccounts", $"{line.Product}/{line.Meter}");
        }
    }

    string? Of(string table, ErpDocumentLine line) => mapping.Find(table, $"{line.Product}/{line.Meter}", line.Product, line.Meter);

    static string Missing(string table, string key) => $"{table} has no entry for '{key}'";

    static ErpAnswer Refusal(string code, string detail) => new(ErpOutcome.Validation, Code: code, Detail: detail);
}
