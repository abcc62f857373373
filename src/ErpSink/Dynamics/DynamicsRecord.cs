using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.ErpSink.OData;
using Streams.Schemas;

namespace Streams.ErpSink.Dynamics;

/// <summary>
/// A document as F&amp;O's records: free-text invoice (a credit memo is a negative one), general journal, customer payment journal. Each has a header, whose number
/// F&amp;O chooses, and lines that name it. The document's key stands in the header: ExternalInvoiceId of an invoice, at the end of a journal's Description.
/// </summary>
sealed class DynamicsRecord(DynamicsMapping mapping)
{
    const int TextLength = 60;

    public static string HeaderSet(ErpDocument document) => document.Kind switch
    {
        DocumentKind.GlJournal => "LedgerJournalHeaders",
        DocumentKind.Receipt => "CustomerPaymentJournalHeaders",
        _ => "FreeTextInvoiceHeaders",
    };

    public static string LineSet(string headerSet) => headerSet.Replace("Headers", "Lines", StringComparison.Ordinal);

    public static bool IsInvoice(string headerSet) => headerSet == "FreeTextInvoiceHeaders";

    /// <summary>The field that numbers a header.</summary>
    public static string NumberField(string headerSet) => IsInvoice(headerSet) ? "InvoiceIdentifier" : "JournalBatchNumber";

    /// <summary>A header's number, or null when there is none or it is none that the field's type can hold.</summary>
    public static string? NumberOf(string headerSet, JsonElement header) => Number(header.Identifier(NumberField(headerSet)), headerSet);

    /// <summary>The number of the header that a line belongs to, or null.</summary>
    public static string? ParentOf(string headerSet, JsonElement line) => Number(line.Identifier(ParentField(headerSet)), headerSet);

    /// <summary>The field by which a line names its header.</summary>
    public static string ParentField(string headerSet) => IsInvoice(headerSet) ? "ParentRecId" : "JournalBatchNumber";

    /// <summary>A number as the field's type has it: a 64-bit record id, or text.</summary>
    public static string NumberLiteral(string headerSet, string number) => IsInvoice(headerSet) ? number : ODataQuery.Quote(number);

    /// <summary>The key that a header carries, as far as it can be told.</summary>
    public static string? KeyText(string headerSet, JsonElement header) => header.Text(IsInvoice(headerSet) ? "ExternalInvoiceId" : "Description");

    public string Company(ErpDocument document) => mapping.Company(document);

    public BatchOperation Create(ErpDocument document) => new("POST", $"data/{HeaderSet(document)}?cross-company=true", Header(document));

    public IReadOnlyList<BatchOperation> CreateLines(ErpDocument document, string number, IReadOnlyDictionary<string, string> invoices)
    {
        var set = HeaderSet(document);
        return [.. Lines(document, invoices).Select(line => new BatchOperation("POST", $"data/{LineSet(set)}?cross-company=true", WithParent(line, set, number)))];
    }

    public static BatchOperation Delete(string headerSet, string company, string number) =>
        new("DELETE", $"data/{headerSet}(dataAreaId={Uri.EscapeDataString(ODataQuery.Quote(company))},{NumberField(headerSet)}={Uri.EscapeDataString(NumberLiteral(headerSet, number))})?cross-company=true", null);

    public JsonObject Header(ErpDocument document)
    {
        if (document.Kind is DocumentKind.GlJournal or DocumentKind.Receipt)
        {
            return new JsonObject
            {
                ["dataAreaId"] = mapping.Company(document),
                ["JournalName"] = document.Kind == DocumentKind.Receipt ? mapping.PaymentJournalName : mapping.JournalName,
                ["Description"] = Figures.Title(document, TextLength),
            };
        }
        var header = new JsonObject
        {
            ["dataAreaId"] = mapping.Company(document),
            ["CustomerAccount"] = mapping.Customer(document),
            ["InvoiceDate"] = Date(document),
            ["CurrencyCode"] = mapping.Currency(document),
            ["ExternalInvoiceId"] = document.DocumentKey,
        };
        if (mapping.RateOf100(document) is { } rate) header["ExchangeRate"] = JsonReading.Number(rate);
        return header;
    }

    /// <param name="invoices">Of a receipt: the invoices' numbers by their documents' keys.</param>
    public IEnumerable<JsonObject> Lines(ErpDocument document, IReadOnlyDictionary<string, string> invoices) => Numbered(document.Kind switch
    {
        DocumentKind.GlJournal => Entries(document),
        DocumentKind.Receipt => document.Lines.Select(line => Payment(document, line, invoices.GetValueOrDefault(line.Meter, line.Meter))),
        _ => document.Lines.Select(line => InvoiceLine(document, line)),
    });

    // The revenue lines and one line that balances them; a negative amount changes the side.
    IEnumerable<JsonObject> Entries(ErpDocument document)
    {
        if (document.Total != ExactDecimal.Zero) yield return Entry(document, mapping.ReceivableAccount, document.Total, $"{document.LegalEntity} {document.Period}");
        foreach (var line in document.Lines.Where(l => l.Amount != ExactDecimal.Zero)) yield return Entry(document, mapping.RevenueAccount(line), -line.Amount, Figures.Text(document, line, TextLength));
    }

    JsonObject Entry(ErpDocument document, string account, ExactDecimal debit, string text)
    {
        var entry = new JsonObject
        {
            ["dataAreaId"] = mapping.Company(document),
            ["AccountType"] = "Ledger",
            ["AccountDisplayValue"] = account,
            ["DebitAmount"] = JsonReading.Number(Figures.Positive(debit)),
            ["CreditAmount"] = JsonReading.Number(Figures.Positive(-debit)),
            ["CurrencyCode"] = mapping.Currency(document),
            ["TransDate"] = Date(document),
            ["Text"] = Figures.Cut(text, TextLength),
            ["Document"] = document.DocumentKey,
            ["DocumentDate"] = Date(document),
        };
        if (mapping.RateOf100(document) is { } rate) entry["ExchRate"] = JsonReading.Number(rate);
        return entry;
    }

    JsonObject Payment(ErpDocument document, ErpDocumentLine line, string invoice)
    {
        var payment = new JsonObject
        {
            ["dataAreaId"] = mapping.Company(document),
            ["AccountType"] = "Cust",
            ["AccountDisplayValue"] = mapping.CustomerAccount(document),
            ["CreditAmount"] = JsonReading.Number(line.Amount),
            ["CurrencyCode"] = mapping.Currency(document),
            ["TransactionDate"] = Date(document),
            ["MarkedInvoice"] = invoice,
            ["MarkedInvoiceCompany"] = mapping.Company(document),
            ["SettleVoucher"] = "SelectedTransact",
            ["OffsetAccountType"] = "Bank",
            ["OffsetAccountDisplayValue"] = mapping.PaymentAccount(line),
            ["PaymentReference"] = document.DocumentKey,
        };
        if (mapping.PaymentMethod(line) is { } method) payment["PaymentMethodName"] = method;
        if (mapping.RateOf100(document) is { } rate) payment["ExchangeRate"] = JsonReading.Number(rate);
        return payment;
    }

    // Quantity 1 and price = amount: the price keeps few decimals, the quantity stands in the text.
    JsonObject InvoiceLine(ErpDocument document, ErpDocumentLine line)
    {
        var record = new JsonObject
        {
            ["dataAreaId"] = mapping.Company(document),
            ["Description"] = Figures.Text(document, line, TextLength),
            ["MainAccountDisplayValue"] = mapping.RevenueAccount(line),
            ["Quantity"] = 1,
            ["UnitPrice"] = JsonReading.Number(document.Kind == DocumentKind.CreditMemo ? -line.Amount : line.Amount),
        };
        if (mapping.Dimensions(line) is { } dimensions) record["DefaultDimensionDisplayValue"] = dimensions;
        if (mapping.Of("salesTaxGroups", line) is { } group) record["SalesTaxGroupId"] = group;
        if (mapping.Of("itemSalesTaxGroups", line) is { } items) record["SalesTaxItemGroupId"] = items;
        return record;
    }

    static string? Number(string? text, string headerSet) => !IsInvoice(headerSet) || text?.All(char.IsAsciiDigit) == true ? text : null;

    static IEnumerable<JsonObject> Numbered(IEnumerable<JsonObject> lines) => lines.Select((line, i) =>
    {
        line["LineNumber"] = i + 1;
        return line;
    });

    static JsonObject WithParent(JsonObject line, string headerSet, string number)
    {
        line[ParentField(headerSet)] = IsInvoice(headerSet) ? JsonNode.Parse(number) : JsonValue.Create(number);
        return line;
    }

    // Noon UTC is the same day in nearly every time zone; F&O stores a date.
    static string Date(ErpDocument document) => document.DocumentDate.ToString("yyyy-MM-dd'T12:00:00Z'", CultureInfo.InvariantCulture);
}
