using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.NetSuite;

/// <summary>A document as a NetSuite record: AR_INVOICE as invoice, GL_JOURNAL as journalEntry.</summary>
public static class NetSuiteRecord
{
    /// <summary>NetSuite refuses amounts from 10^10 on.</summary>
    static readonly ExactDecimal AmountLimit = ExactDecimal.FromInteger(10_000_000_000);

    public static string RecordType(ErpDocument document) => document.Kind == DocumentKind.ArInvoice ? "invoice" : "journalEntry";

    /// <summary>What NetSuite would refuse, or what the mapping lacks.</summary>
    public static ErpAnswer? Preflight(ErpDocument document, NetSuiteMapping mapping)
    {
        if (document.Lines.Any(line => line.Amount >= AmountLimit || line.Amount <= -AmountLimit) || document.Total >= AmountLimit)
            return Refusal("AMOUNT_TOO_LARGE", "lines.amount: NetSuite takes no amount from 10000000000 on");
        if (document.Kind == DocumentKind.ArInvoice && document.Total < ExactDecimal.Zero)
            return Refusal("NEGATIVE_INVOICE", $"total: {document.Total} is negative; an invoice cannot be, it needs a credit memo");
        if (NetSuiteMapping.Find(mapping.Subsidiaries, document.LegalEntity) is null) return Missing("subsidiaries", document.LegalEntity);
        if (NetSuiteMapping.Find(mapping.Currencies, document.Currency) is null) return Missing("currencies", document.Currency);
        if (NetSuiteMapping.Find(mapping.Customers, document.CustomerId) is null) return Missing("customers", document.CustomerId);
        foreach (var line in document.Lines)
        {
            if (document.Kind == DocumentKind.ArInvoice && Of(mapping.Items, line) is null) return Missing("items", line.Meter);
            if (document.Kind == DocumentKind.GlJournal && Of(mapping.RevenueAccounts, line) is null) return Missing("revenueAccounts", line.Meter);
        }
        return null;
    }

    /// <summary>The body of the POST that creates the record.</summary>
    public static byte[] Body(ErpDocument document, NetSuiteMapping mapping)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("externalId", document.DocumentKey);
        if (document.Kind == DocumentKind.ArInvoice) WriteReference(json, "entity", NetSuiteMapping.Find(mapping.Customers, document.CustomerId)!);
        WriteReference(json, "subsidiary", NetSuiteMapping.Find(mapping.Subsidiaries, document.LegalEntity)!);
        WriteReference(json, "currency", NetSuiteMapping.Find(mapping.Currencies, document.Currency)!);
        json.WriteString("tranDate", document.DocumentDate.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        json.WriteString("memo", $"{document.CustomerId} {document.Period} r{document.Revision}");
        if (document.Kind == DocumentKind.ArInvoice) WriteItems(json, document, mapping);
        else WriteEntries(json, document, mapping);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    // Quantity 1 and rate = amount: NetSuite refuses large quantities and keeps few decimals in rates, the quantity stands in the text.
    static void WriteItems(Utf8JsonWriter json, ErpDocument document, NetSuiteMapping mapping)
    {
        WriteStartList(json, "item");
        foreach (var line in document.Lines)
        {
            json.WriteStartObject();
            WriteReference(json, "item", Of(mapping.Items, line)!);
            json.WriteNumber("quantity", 1);
            WriteAmount(json, "rate", line.Amount);
            WriteAmount(json, "amount", line.Amount);
            json.WriteString("description", Describe(document, line));
            json.WriteEndObject();
        }
        WriteEndList(json);
    }

    // The revenue lines and one line that balances them; a negative amount changes the side.
    static void WriteEntries(Utf8JsonWriter json, ErpDocument document, NetSuiteMapping mapping)
    {
        WriteStartList(json, "line");
        WriteEntry(json, mapping.ReceivableAccount, document.Total, $"{document.LegalEntity} {document.Period}");
        foreach (var line in document.Lines) WriteEntry(json, Of(mapping.RevenueAccounts, line)!, -line.Amount, Describe(document, line));
        WriteEndList(json);
    }

    static void WriteEntry(Utf8JsonWriter json, string account, ExactDecimal debit, string memo)
    {
        if (debit == ExactDecimal.Zero) return;
        json.WriteStartObject();
        WriteReference(json, "account", account);
        if (debit > ExactDecimal.Zero) WriteAmount(json, "debit", debit);
        else WriteAmount(json, "credit", -debit);
        json.WriteString("memo", memo);
        json.WriteEndObject();
    }

    static string Describe(ErpDocument document, ErpDocumentLine line) => $"{line.Product} {line.Meter} {document.Period}: {line.Quantity}";

    static string? Of(IReadOnlyDictionary<string, string> table, ErpDocumentLine line) =>
        NetSuiteMapping.Find(table, $"{line.Product}/{line.Meter}", line.Product, line.Meter);

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

    static ErpAnswer Missing(string table, string key) => Refusal("MAPPING_MISSING", $"NetSuite mapping: {table} has no entry for '{key}'");

    static ErpAnswer Refusal(string code, string detail) => new(ErpOutcome.Validation, Code: code, Detail: detail);
}
