using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Dynamics;

/// <summary>
/// The product's names in F&amp;O's. Accounts may have dimensions behind them, parted by '|' ("401100|001|CC-7"); revenue accounts, dimensions and tax groups are
/// looked for as "product/meter", then by product, then by meter; exchange rates as "entity/currency", then by currency.
/// </summary>
public sealed class DynamicsMapping(ErpMapping mapping)
{
    /// <summary>F&amp;O takes this many operations in a $batch: a header and its lines go apart.</summary>
    public const int MaxOperations = 5000;

    public static MappingShape Shape { get; } = new("d365fo")
    {
        Tables = ["legalEntities", "currencies", "customers", "revenueAccounts"],
        OptionalTables = ["paymentAccounts", "paymentMethods", "dimensions", "exchangeRates", "salesTaxGroups", "itemSalesTaxGroups"],
        Settings = ["journalName", "receivableAccount"],
        OptionalSettings = ["paymentJournalName", "segmentDelimiter"],
    };

    public string JournalName => mapping.Setting("journalName")!;

    public string PaymentJournalName => mapping.Setting("paymentJournalName")!;

    public string ReceivableAccount => DisplayValue(mapping.Setting("receivableAccount")!);

    public string Company(ErpDocument document) => mapping.Find("legalEntities", document.LegalEntity)!;

    public string Currency(ErpDocument document) => mapping.Find("currencies", document.Currency)!;

    public string Customer(ErpDocument document) => mapping.Find("customers", document.CustomerId)!;

    public string CustomerAccount(ErpDocument document) => Escape(Customer(document));

    public string RevenueAccount(ErpDocumentLine line) => DisplayValue(Of("revenueAccounts", line)!);

    public string? Dimensions(ErpDocumentLine line) => Of("dimensions", line) is { } value ? DisplayValue(value) : null;

    public string? Of(string table, ErpDocumentLine line) => mapping.Find(table, $"{line.Product}/{line.Meter}", line.Product, line.Meter);

    public string PaymentAccount(ErpDocumentLine line) => DisplayValue(mapping.Find("paymentAccounts", line.Product)!);

    public string? PaymentMethod(ErpDocumentLine line) => mapping.Find("paymentMethods", line.Product);

    /// <summary>The rate of 100 units of the document's currency, as F&amp;O wants it, or null where F&amp;O's own rates hold.</summary>
    /// <exception cref="OverflowException">The rate is beyond 28 digits.</exception>
    public ExactDecimal? RateOf100(ErpDocument document)
    {
        if (Rate(document) is not { } text) return null;
        var rate = ExactDecimal.Parse(text).Unscaled * 100;
        return rate <= ExactDecimal.MaxUnscaled ? new ExactDecimal(rate) : throw new OverflowException("The exchange rate is beyond 28 digits");
    }

    /// <summary>Everything that F&amp;O would refuse or that the mapping lacks, in one answer; null when there is nothing.</summary>
    public ErpAnswer? Preflight(ErpDocument document)
    {
        if (Limit(document) is { } refusal) return refusal;
        var faults = Faults(document).Distinct(StringComparer.Ordinal).ToList();
        return faults.Count == 0 ? null : new ErpAnswer(ErpOutcome.Validation, Code: "MAPPING_MISSING", Detail: $"mapping for {Shape.Erp}: {string.Join("; ", faults)}");
    }

    static ErpAnswer? Limit(ErpDocument document)
    {
        if (document.Kind != DocumentKind.GlJournal && document.Total < ExactDecimal.Zero)
            return new(ErpOutcome.Validation, Code: "NEGATIVE_TOTAL", Detail: $"total: {document.Total} is negative; {(document.Kind == DocumentKind.ArInvoice ? "an invoice cannot be, it needs a credit memo" : "its amounts are positive")}");
        if (document.Kind == DocumentKind.Receipt && document.Lines.Any(line => line.Amount <= ExactDecimal.Zero))
            return new(ErpOutcome.Validation, Code: "RECEIPT_NOT_POSITIVE", Detail: "lines.amount: a receipt applies amounts above zero");
        if (document.Kind != DocumentKind.GlJournal && document.Lines.Count > MaxOperations)
            return new(ErpOutcome.Validation, Code: "TOO_MANY_LINES", Detail: $"lines: there are {document.Lines.Count}, F&O takes {MaxOperations} in one transaction");
        return null;
    }

    IEnumerable<string> Faults(ErpDocument document)
    {
        if (mapping.Find("legalEntities", document.LegalEntity) is null) yield return Missing("legalEntities", document.LegalEntity);
        if (mapping.Find("currencies", document.Currency) is null) yield return Missing("currencies", document.Currency);
        if (document.Kind != DocumentKind.GlJournal && mapping.Find("customers", document.CustomerId) is null) yield return Missing("customers", document.CustomerId);
        if (Rate(document) is { } rate && (!ExactDecimal.TryParse(rate, out var value, out _) || value <= ExactDecimal.Zero || value.Unscaled > ExactDecimal.MaxUnscaled / 100))
            yield return $"exchangeRates: '{rate}' is no rate";
        if (document.Kind == DocumentKind.Receipt && mapping.Setting("paymentJournalName") is null) yield return "settings.paymentJournalName: is missing";
        foreach (var line in document.Lines)
        {
            if (document.Kind == DocumentKind.Receipt && mapping.Find("paymentAccounts", line.Product) is null) yield return Missing("paymentAccounts", line.Product);
            if (document.Kind != DocumentKind.Receipt && Of("revenueAccounts", line) is null) yield return Missing("revenueAccounts", $"{line.Product}/{line.Meter}");
        }
    }

    string? Rate(ErpDocument document) => mapping.Find("exchangeRates", $"{document.LegalEntity}/{document.Currency}", document.Currency);

    string DisplayValue(string segments) => string.Join(Delimiter, segments.Split('|').Select(Escape));

    string Escape(string segment) => segment.Replace(Delimiter, $"\\{Delimiter}", StringComparison.Ordinal);

    string Delimiter => mapping.Setting("segmentDelimiter") ?? "-";

    static string Missing(string table, string key) => $"{table} has no entry for '{key}'";
}
