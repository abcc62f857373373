using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Streams.ErpSink.Mapping;
using Streams.Schemas;

namespace Streams.ErpSink.NetSuite;

/// <summary>A document as a NetSuite record: AR_INVOICE as invoice, CREDIT_MEMO as creditMemo, GL_JOURNAL as journalEntry, RECEIPT as customerPayment.</summary>
public static class NetSuiteRecord
{
    /// <summary>
    /// From the product's names to NetSuite's internal ids. Items, accounts and dimensions are looked for as "product/meter", then by product, then by meter;
    /// payment accounts by the way of payment.
    /// </summary>
    public static MappingShape Shape { get; } = new("netsuite")
    {
        Tables = ["subsidiaries", "currencies", "customers", "items", "revenueAccounts"],
        OptionalTables = ["paymentAccounts", "postingPeriods", "departments", "classes", "locations"],
        Settings = ["receivableAccount"],
        OptionalSettings = ["terms"],
    };

    static readonly (string Table, string Field)[] Dimensions = [("departments", "department"), ("classes", "class"), ("locations", "location")];

    public static string RecordType(ErpDocument document) => document.Kind switch
    {
        DocumentKind.ArInvoice => "invoice",
        DocumentKind.CreditMemo => "creditMemo",
        DocumentKind.Receipt => "customerPayment",
        DocumentKind.GlJournal => "journalEntry",
        _ => throw new ArgumentOutOfRangeException(nameof(document), document.Kind, null),
    };

    /// <summary>The body of the POST that creates the record.</summary>
    /// <param name="applied">Of a receipt: the internal ids of the documents that it pays, by their keys; without it the keys stand for them.</param>
    public static byte[] Body(ErpDocument document, ErpMapping mapping, IReadOnlyDictionary<string, string>? applied = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        Write(json, document, mapping, applied);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The body of the POST that creates many records of one type.</summary>
    public static byte[] Body(IEnumerable<ErpDocument> documents, ErpMapping mapping, IReadOnlyDictionary<string, string> applied)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteStartArray("items");
        foreach (var document in documents) Write(json, document, mapping, applied);
        WriteEndList(json);
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The value for a line, by product and meter, then product, then meter.</summary>
    public static string? Of(ErpMapping mapping, string table, ErpDocumentLine line) => mapping.Find(table, $"{line.Product}/{line.Meter}", line.Product, line.Meter);

    static void Write(Utf8JsonWriter json, ErpDocument document, ErpMapping mapping, IReadOnlyDictionary<string, string>? applied)
    {
        json.WriteStartObject();
        WriteHeader(json, document, mapping);
        switch (document.Kind)
        {
            case DocumentKind.GlJournal:
                WriteEntries(json, document, mapping);
                break;
            case DocumentKind.Receipt:
                WritePayment(json, document, mapping, applied);
                break;
            default:
                WriteItems(json, document, mapping);
                break;
        }
        json.WriteEndObject();
    }

    static void WriteHeader(Utf8JsonWriter json, ErpDocument document, ErpMapping mapping)
    {
        json.WriteString("externalId", document.DocumentKey);
        var party = document.Kind switch { DocumentKind.GlJournal => null, DocumentKind.Receipt => "customer", _ => "entity" };
        if (party is not null) WriteReference(json, party, mapping.Find("customers", document.CustomerId)!);
        WriteReference(json, "subsidiary", mapping.Find("subsidiaries", document.LegalEntity)!);
        WriteReference(json, "currency", mapping.Find("currencies", document.Currency)!);
        json.WriteString("tranDate", document.DocumentDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        if (mapping.Find("postingPeriods", document.DocumentDate.ToString("yyyy-MM", CultureInfo.InvariantCulture)) is { } period) WriteReference(json, "postingPeriod", period);
        if (document.Kind == DocumentKind.ArInvoice && mapping.Setting("terms") is { } terms) WriteReference(json, "terms", terms);
        json.WriteString("memo", $"{document.CustomerId} {document.Period} r{document.Revision}");
    }

    // Quantity 1 and rate = amount: NetSuite refuses large quantities and keeps few decimals in rates, the quantity stands in the text.
    static void WriteItems(Utf8JsonWriter json, ErpDocument document, ErpMapping mapping)
    {
        WriteStartList(json, "item");
        foreach (var line in document.Lines)
        {
            json.WriteStartObject();
            WriteReference(json, "item", Of(mapping, "items", line)!);
            json.WriteNumber("quantity", 1);
            WriteAmount(json, "rate", line.Amount);
            WriteAmount(json, "amount", line.Amount);
            json.WriteString("description", Describe(document, line));
            WriteDimensions(json, mapping, line);
            json.WriteEndObject();
        }
        WriteEndList(json);
    }

    // The revenue lines and one line that balances them; a negative amount changes the side.
    static void WriteEntries(Utf8JsonWriter json, ErpDocument document, ErpMapping mapping)
    {
        WriteStartList(json, "line");
        WriteEntry(json, mapping, mapping.Setting("receivableAccount")!, document.Total, $"{document.LegalEntity} {document.Period}", null);
        foreach (var line in document.Lines) WriteEntry(json, mapping, Of(mapping, "revenueAccounts", line)!, -line.Amount, Describe(document, line), line);
        WriteEndList(json);
    }

    static void WriteEntry(Utf8JsonWriter json, ErpMapping mapping, string account, ExactDecimal debit, string memo, ErpDocumentLine? line)
    {
        if (debit == ExactDecimal.Zero) return;
        json.WriteStartObject();
        WriteReference(json, "account", account);
        if (debit > ExactDecimal.Zero) WriteAmount(json, "debit", debit);
        else WriteAmount(json, "credit", -debit);
        json.WriteString("memo", memo);
        if (line is not null) WriteDimensions(json, mapping, line);
        json.WriteEndObject();
    }

    static void WritePayment(Utf8JsonWriter json, ErpDocument document, ErpMapping mapping, IReadOnlyDictionary<string, string>? applied)
    {
        WriteReference(json, "account", mapping.Find("paymentAccounts", document.Lines[0].Product)!);
        WriteAmount(json, "payment", document.Total);
        WriteStartList(json, "apply");
        foreach (var line in document.Lines)
        {
            json.WriteStartObject();
            WriteReference(json, "doc", applied?.GetValueOrDefault(line.Meter) ?? line.Meter);
            json.WriteBoolean("apply", true);
            WriteAmount(json, "amount", line.Amount);
            json.WriteEndObject();
        }
        WriteEndList(json);
    }

    static void WriteDimensions(Utf8JsonWriter json, ErpMapping mapping, ErpDocumentLine line)
    {
        foreach (var (table, field) in Dimensions)
        {
            if (Of(mapping, table, line) is { } id) WriteReference(json, field, id);
        }
    }

    static string Describe(ErpDocument document, ErpDocumentLine line) => $"{line.Product} {line.Meter} {document.Period}: {line.Quantity}";

    static void WriteStartList(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject(name);
        json.WriteStartArray("items");
    }

    static void WriteEndList(Utf8JsonWriter json)
    {
        json.WriteEndArray();
        json.WriteEndObject();
    }

    static void WriteReference(Utf8JsonWriter json, string name, string id)
    {
        json.WriteStartObject(name);
        json.WriteString("id", id);
        json.WriteEndObject();
    }

    static void WriteAmount(Utf8JsonWriter json, string name, ExactDecimal amount)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(amount.ToString());
    }
}
