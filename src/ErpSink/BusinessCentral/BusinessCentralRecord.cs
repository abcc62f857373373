using System.Globalization;
using System.Text.Json.Nodes;
using Streams.ErpSink.OData;
using Streams.Schemas;

namespace Streams.ErpSink.BusinessCentral;

/// <summary>
/// A document as Business Central's records: salesInvoice and salesCreditMemo with their lines in one body; journal and customerPaymentJournal, one for each document,
/// so that posting it posts nothing else. The document's key is the externalDocumentNumber, of journals the documentNumber too; a journal's code, which is
/// unique, is the key's beginning.
/// </summary>
sealed class BusinessCentralRecord(BusinessCentralMapping mapping, bool negativePayments)
{
    const int CodeLength = 10;
    const int TextLength = 100;
    const int NameLength = 50;

    public static bool IsSales(ErpDocument document) => document.Kind is DocumentKind.ArInvoice or DocumentKind.CreditMemo;

    public static string Set(ErpDocument document) => document.Kind switch
    {
        DocumentKind.ArInvoice => "salesInvoices",
        DocumentKind.CreditMemo => "salesCreditMemos",
        DocumentKind.GlJournal => "journals",
        DocumentKind.Receipt => "customerPaymentJournals",
        _ => throw new ArgumentOutOfRangeException(nameof(document), document.Kind, null),
    };

    public static string LineSet(ErpDocument document) => document.Kind switch
    {
        DocumentKind.ArInvoice => "salesInvoiceLines",
        DocumentKind.CreditMemo => "salesCreditMemoLines",
        DocumentKind.GlJournal => "journalLines",
        _ => "customerPayments",
    };

    public static string JournalCode(ErpDocument document) => document.DocumentKey[..CodeLength];

    /// <summary>Where the document's kind of records lies, from the service's address on.</summary>
    public string Path(ErpDocument document) => $"companies({Uri.EscapeDataString(mapping.Company(document))})/{Set(document)}";

    public string Record(ErpDocument document, string id) => $"{Path(document)}({Uri.EscapeDataString(id)})";

    public JsonRequest Create(ErpDocument document) => new("POST", Path(document), IsSales(document) ? Sales(document) : Journal(document));

    public IReadOnlyList<JsonRequest> CreateLines(ErpDocument document, string id, IReadOnlyDictionary<string, string> invoices) =>
        [.. JournalLines(document, invoices).Select(line => new JsonRequest("POST", $"{Record(document, id)}/{LineSet(document)}", line))];

    public JsonRequest Post(ErpDocument document, string id, string action) => new("POST", $"{Record(document, id)}/{action}", null);

    public JsonRequest Delete(ErpDocument document, string id) => new("DELETE", Record(document, id), null);

    public JsonObject Sales(ErpDocument document)
    {
        var record = new JsonObject
        {
            ["externalDocumentNumber"] = document.DocumentKey,
            [document.Kind == DocumentKind.ArInvoice ? "invoiceDate" : "creditMemoDate"] = Date(document),
            ["postingDate"] = Date(document),
            ["customerNumber"] = mapping.Customer(document),
            ["currencyCode"] = mapping.Currency(document),
        };
        if (mapping.Dimension1 is { } first) record["shortcutDimension1Code"] = first;
        if (mapping.Dimension2 is { } second) record["shortcutDimension2Code"] = second;
        record[LineSet(document)] = new JsonArray([.. document.Lines.Select(line => SalesLine(document, line))]);
        return record;
    }

    public JsonObject Journal(ErpDocument document)
    {
        var record = new JsonObject { ["code"] = JournalCode(document), ["displayName"] = Figures.Title(document, NameLength) };
        if (document.Kind == DocumentKind.Receipt) record["balancingAccountNumber"] = mapping.PaymentAccount(document);
        return record;
    }

    /// <param name="invoices">Of a receipt: the invoices' numbers by their documents' keys.</param>
    public IEnumerable<JsonObject> JournalLines(ErpDocument document, IReadOnlyDictionary<string, string> invoices)
    {
        if (document.Kind == DocumentKind.Receipt) return document.Lines.Select(line => Payment(document, line, invoices.GetValueOrDefault(line.Meter, line.Meter)));
        // The revenue lines and one line that balances them; debits are positive.
        var entries = document.Lines.Where(l => l.Amount != ExactDecimal.Zero).Select(line => Entry(document, mapping.RevenueAccount(line), -line.Amount, Figures.Text(document, line, TextLength)));
        return document.Total == ExactDecimal.Zero ? entries : entries.Prepend(Entry(document, mapping.ReceivableAccount, document.Total, $"{document.LegalEntity} {document.Period}"));
    }

    // Quantity 1 and price = amount, the quantity stands in the text; a price is not negative, the quantity may be.
    JsonObject SalesLine(ErpDocument document, ErpDocumentLine line)
    {
        var negative = line.Amount < ExactDecimal.Zero;
        var record = new JsonObject
        {
            ["lineType"] = mapping.Item(line) is null ? "Account" : "Item",
            ["lineObjectNumber"] = mapping.Item(line) ?? mapping.RevenueAccount(line),
            ["description"] = Figures.Text(document, line, TextLength),
            ["quantity"] = negative ? -1 : 1,
            ["unitPrice"] = JsonReading.Number(negative ? -line.Amount : line.Amount),
        };
        if (mapping.TaxCode(line) is { } code) record["taxCode"] = code;
        return record;
    }

    static JsonObject Entry(ErpDocument document, string account, ExactDecimal amount, string text) => new()
    {
        ["accountNumber"] = account,
        ["postingDate"] = Date(document),
        ["documentNumber"] = document.DocumentKey,
        ["externalDocumentNumber"] = document.DocumentKey,
        ["amount"] = JsonReading.Number(amount),
        ["description"] = Figures.Cut(text, TextLength),
    };

    JsonObject Payment(ErpDocument document, ErpDocumentLine line, string invoice) => new()
    {
        ["customerNumber"] = mapping.Customer(document),
        ["postingDate"] = Date(document),
        ["documentNumber"] = document.DocumentKey,
        ["externalDocumentNumber"] = document.DocumentKey,
        ["amount"] = JsonReading.Number(negativePayments ? -line.Amount : line.Amount),
        ["appliesToInvoiceNumber"] = invoice,
    };

    static string Date(ErpDocument document) => document.DocumentDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
