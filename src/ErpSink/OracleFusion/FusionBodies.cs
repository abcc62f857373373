using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Streams.ErpSink.Mapping;
using Streams.Schemas;

namespace Streams.ErpSink.OracleFusion;

/// <summary>Documents of receivables as REST resources.</summary>
static class FusionBodies
{
    const int DescriptionLength = 240;

    /// <summary>The resource that a document of the kind is created in.</summary>
    public static string Resource(DocumentKind kind) => kind switch
    {
        DocumentKind.ArInvoice => "receivablesInvoices",
        DocumentKind.CreditMemo => "receivablesCreditMemos",
        DocumentKind.Receipt => "standardReceipts",
        DocumentKind.GlJournal => "journalBatches",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    public static byte[] Body(ErpDocument document, ErpMapping mapping)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        if (document.Kind == DocumentKind.Receipt) WriteReceipt(json, document, mapping);
        else WriteTransaction(json, document, mapping);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    public static string Date(DateOnly date) => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public static string Describe(ErpDocument document, ErpDocumentLine line)
    {
        var text = $"{line.Product} {line.Meter} {document.Period}: {line.Quantity}";
        return text.Length <= DescriptionLength ? text : text[..DescriptionLength];
    }

    public static string? Of(ErpMapping mapping, string table, ErpDocumentLine line) => mapping.Find(table, $"{line.Product}/{line.Meter}", line.Product, line.Meter);

    /// <summary>A line's own value of the line transaction flexfield. Oracle refuses a second line of the same value, and so a second transaction of the same key.</summary>
    public static string FlexValue(ErpDocument document, ErpDocumentLine line) => string.Create(CultureInfo.InvariantCulture, $"{document.DocumentKey}-{line.Line}");

    static void WriteTransaction(Utf8JsonWriter json, ErpDocument document, ErpMapping mapping)
    {
        var invoice = document.Kind == DocumentKind.ArInvoice;
        json.WriteString("TransactionNumber", document.DocumentKey);
        json.WriteString("TransactionSource", mapping.Setting("transactionSource"));
        json.WriteString("TransactionType", mapping.Setting(invoice ? "invoiceType" : "creditMemoType"));
        json.WriteString("BusinessUnit", mapping.Find("businessUnits", document.LegalEntity));
        json.WriteString("TransactionDate", Date(document.DocumentDate));
        json.WriteString("AccountingDate", Date(document.DocumentDate));
        if (invoice && mapping.Setting("paymentTerms") is { } terms) json.WriteString("PaymentTerms", terms);
        json.WriteString("BillToCustomerNumber", mapping.Find("customers", document.CustomerId));
        json.WriteString(invoice ? "InvoiceCurrencyCode" : "CreditMemoCurrency", document.Currency);
        WriteConversion(json, document, mapping);
        json.WriteString("CrossReference", $"{document.CustomerId}/{document.Period}");
        json.WriteStartArray(invoice ? "receivablesInvoiceLines" : "receivablesCreditMemoLines");
        foreach (var line in document.Lines) WriteLine(json, document, line, mapping, invoice);
        json.WriteEndArray();
    }

    // Quantity 1 and price = amount: the quantity of usage stands in the text. Credit memos have negative prices.
    static void WriteLine(Utf8JsonWriter json, ErpDocument document, ErpDocumentLine line, ErpMapping mapping, bool invoice)
    {
        json.WriteStartObject();
        json.WriteNumber("LineNumber", line.Line);
        json.WriteString(invoice ? "Description" : "LineDescription", Describe(document, line));
        json.WriteNumber(invoice ? "Quantity" : "LineQuantityCredit", 1);
        WriteAmount(json, "UnitSellingPrice", invoice ? line.Amount : -line.Amount);
        if (Of(mapping, "memoLines", line) is { } memo) json.WriteString("MemoLine", memo);
        if (Of(mapping, "taxCodes", line) is { } tax) json.WriteString("TaxClassificationCode", tax);
        json.WriteStartArray(invoice ? "receivablesInvoiceLineTransactionDFF" : "receivablesCreditMemoLineTransactionDFF");
        json.WriteStartObject();
        json.WriteString("__FLEX_Context", mapping.Setting("flexContext"));
        json.WriteString(mapping.Setting("flexKey") ?? "runKey", FlexValue(document, line));
        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteReceipt(Utf8JsonWriter json, ErpDocument document, ErpMapping mapping)
    {
        var way = document.Lines[0].Product;
        json.WriteString("ReceiptNumber", document.DocumentKey);
        json.WriteString("ReceiptMethod", mapping.Find("receiptMethods", way));
        json.WriteString("BusinessUnit", mapping.Find("businessUnits", document.LegalEntity));
        WriteAmount(json, "Amount", document.Total);
        json.WriteString("Currency", document.Currency);
        WriteConversion(json, document, mapping);
        json.WriteString("ReceiptDate", Date(document.DocumentDate));
        json.WriteString("AccountingDate", Date(document.DocumentDate));
        if (mapping.Find("bankAccounts", way) is { } bank) json.WriteString("RemittanceBankAccountNumber", bank);
        json.WriteString("CustomerAccountNumber", mapping.Find("customers", document.CustomerId));
        json.WriteStartArray("remittanceReferences");
        foreach (var line in document.Lines)
        {
            json.WriteStartObject();
            json.WriteString("ReceiptMatchBy", "Transaction Number");
            json.WriteString("ReferenceNumber", line.Meter);
            WriteAmount(json, "ReferenceAmount", line.Amount);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    static void WriteConversion(Utf8JsonWriter json, ErpDocument document, ErpMapping mapping)
    {
        if (mapping.Setting("conversionRateType") is not { } type || mapping.Find("ledgerCurrencies", document.LegalEntity) == document.Currency) return;
        json.WriteString("ConversionRateType", type);
        json.WriteString("ConversionDate", Date(document.DocumentDate));
    }

    static void WriteAmount(Utf8JsonWriter json, string name, ExactDecimal amount)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(amount.ToString());
    }
}
