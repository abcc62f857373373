using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Headers = Confluent.Kafka.Headers;
using Streams.Aggregators.Metering;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Billing;

/// <summary>Writes documents to billing.documents and, as the ERPs take them, to erp.documents; what somebody has to know of to billing.journal.</summary>
sealed class InvoiceEmitter(MeteringOptions options, IProcessorContext context)
{
    public const string Billing = "billing-documents", Erp = BillingEmitter.Documents, Journal = "billing-journal";

    /// <summary>Headers of documents: the SHA-256 of their bytes, of what they are made, and the hash of the contract's edition.</summary>
    public const string HashHeader = "streams.sha256", LineageHeader = "streams.lineage", EditionHeader = "streams.contract";

    static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly ArrayBufferWriter<byte> _buffer = new(4096);
    readonly ErpMapping _mapping = new(options.Tenant);
    readonly UsageLineage _lineage = new(options.InputTopic, context.Partition);

    /// <param name="account">The document's contract.</param>
    /// <param name="agreement">Its terms.</param>
    /// <param name="book">To know who pays.</param>
    /// <param name="edition">The hash of the edition that it was priced by.</param>
    /// <param name="document">A document that was booked.</param>
    /// <param name="ordinal">The period whose usage it bills.</param>
    public void Emit(ContractAccount account, Agreement agreement, ContractBook book, string edition, InvoiceDocument document, int ordinal)
    {
        options.Billed?.Invoke(new(account, agreement, document, ordinal));
        _buffer.ResetWrittenCount();
        InvoiceDocumentJson.Write(document, _buffer);
        var headers = new Headers
        {
            { HashHeader, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(_buffer.WrittenSpan))) },
            { LineageHeader, _lineage.Header(account, ordinal, document, context.RecordMetadata?.Offset ?? -1) },
            { EditionHeader, Encoding.ASCII.GetBytes(edition) },
        };
        var at = Math.Max(0, document.At.Millis - 1);
        context.Forward(Billing, Encoding.UTF8.GetBytes(document.Customer), _buffer.WrittenSpan, at, headers);
        KillPoint.Reached("billing.between_documents");
        Telemetry.Document(document.Kind.ToString().ToLowerInvariant());
        var mapped = _mapping.Map(document, agreement, book.Customers.GetValueOrDefault(document.Payer), line => _lineage.Of(account, ordinal, line));
        if (mapped.Document is { } posted) Post(posted, at);
        else if (mapped.Code is { } code) Unposted(document, code, mapped.Reason!, at);
    }

    void Post(ErpDocument document, long at)
    {
        _buffer.ResetWrittenCount();
        WireFormat.WriteHeader(_buffer, options.Schemas.ErpDocument);
        document.Write(_buffer);
        context.Forward(Erp, Encoding.UTF8.GetBytes(document.CustomerId), _buffer.WrittenSpan, at);
    }

    void Unposted(InvoiceDocument document, string code, string reason, long at) => Write("unposted", code, document.Customer, at, json =>
    {
        json.WriteString("document", document.Id);
        json.WriteString("customer", document.Customer);
        json.WriteString("currency", document.Currency);
        json.WriteString("due", (document.Net + document.Tax - document.Credit).ToString());
        json.WriteString("code", code);
        json.WriteString("reason", reason);
    });

    /// <summary>A contract cannot be billed; it is tried again each day.</summary>
    public void Blocked(ContractAccount account, string reason, long streamTime) => Write("blocked", "", account.Customer, streamTime / 1000, json =>
    {
        json.WriteString("contract", account.Contract);
        json.WriteString("customer", account.Customer);
        if (account.IsBegun) json.WriteNumber("period", account.Next);
        json.WriteString("reason", reason);
    });

    /// <summary>A minute whose contract left the book before the minute closed: it is in no document.</summary>
    public void Unbilled(ReadOnlySpan<byte> customer, ReadOnlySpan<byte> meter, in OpenWindow window, long streamTime)
    {
        var (who, what, held) = (Encoding.UTF8.GetString(customer), Encoding.UTF8.GetString(meter), window);
        Write("unbilled", "", who, streamTime / 1000, json =>
        {
            json.WriteString("contract", held.Terms.Terms!.ContractId);
            json.WriteString("customer", who);
            json.WriteString("meter", what);
            json.WriteString("from", new Timestamp(held.Start).ToString());
            json.WriteString("quantity", held.Quantity.ToString());
            json.WriteNumber("events", held.Events);
            json.WriteNumber("firstOffset", held.FirstOffset);
            json.WriteNumber("lastOffset", held.LastOffset);
        });
    }

    /// <summary>An event was corrected: what was taken back, what came in its place, and where the correction stands.</summary>
    public void Corrected(ContractAccount account, int ordinal, UsageEvent usage, UsageCorrection correction, long streamTime) => Write("correction", "", account.Customer, streamTime / 1000, json =>
    {
        json.WriteString("contract", account.Contract);
        json.WriteString("customer", account.Customer);
        json.WriteString("meter", usage.Meter);
        json.WriteString("action", correction.IsCancellation ? "cancel" : "replace");
        json.WriteNumber("period", ordinal);
        json.WriteBoolean("closed", ordinal < account.Next);
        Event(json, "original", usage.Source, correction.OriginalId, correction.Original);
        if (correction.Replacement is { } replacement) Event(json, "replacement", usage.Source, usage.Id, replacement);
        json.WriteString("by", usage.Id);
        json.WriteString("topic", options.InputTopic);
        json.WriteNumber("partition", context.Partition);
        json.WriteNumber("offset", context.RecordMetadata?.Offset ?? -1);
    });

    /// <summary>Somebody ordered a document to be voided, or its period to be billed again: what, who, why, and the code of why it was not done.</summary>
    public void Ordered(UsageEvent usage, string code, string refusal, long streamTime) => Write("void", code, usage.CustomerId, streamTime / 1000, json =>
    {
        json.WriteString("customer", usage.CustomerId);
        json.WriteString("document", usage.Dimensions.GetValueOrDefault(UsageCorrection.Of));
        json.WriteString("action", usage.Dimensions.GetValueOrDefault(UsageCorrection.Action));
        json.WriteString("by", usage.Dimensions.GetValueOrDefault(VoidOrder.Who));
        json.WriteString("reason", usage.Dimensions.GetValueOrDefault(VoidOrder.Why));
        json.WriteString("order", usage.Id);
        if (code.Length > 0)
        {
            json.WriteString("code", code);
            json.WriteString("refusal", refusal);
        }
        json.WriteString("topic", options.InputTopic);
        json.WriteNumber("partition", context.Partition);
        json.WriteNumber("offset", context.RecordMetadata?.Offset ?? -1);
    });

    static void Event(Utf8JsonWriter json, string name, string source, string id, MeterEvent usage)
    {
        json.WriteStartObject(name);
        json.WriteString("source", source);
        json.WriteString("id", id);
        json.WriteString("time", usage.Time.ToString());
        json.WriteString("quantity", usage.Quantity.ToString());
        json.WriteStartObject("dimensions");
        foreach (var (key, value) in usage.Dimensions.OrderBy(d => d.Key, StringComparer.Ordinal)) json.WriteString(key, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    void Write(string kind, string code, string customer, long at, Action<Utf8JsonWriter> content)
    {
        _buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("kind", kind);
            content(json);
            json.WriteEndObject();
        }
        context.Forward(Journal, Encoding.UTF8.GetBytes(customer), _buffer.WrittenSpan, Math.Max(0, at));
        Telemetry.JournalEntry(kind, code);
    }
}
