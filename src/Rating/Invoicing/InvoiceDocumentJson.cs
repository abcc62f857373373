using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>
/// Documents as canonical JSON: properties in one order, what is absent left out, numbers as texts in plain notation (a fraction as numerator/denominator), times in
/// UTC, no white space. Equal documents have equal bytes; steps are no part of them.
/// </summary>
public static class InvoiceDocumentJson
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(InvoiceDocument document)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        Write(document, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public static void Write(InvoiceDocument document, IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Options);
        json.WriteStartObject();
        json.WriteString("id", document.Id);
        json.WriteString("kind", Name(document.Kind));
        json.WriteString("contract", document.Contract);
        json.WriteString("customer", document.Customer);
        json.WriteString("payer", document.Payer);
        json.WriteString("currency", document.Currency);
        json.WriteNumber("period", document.Ordinal);
        json.WriteString("from", document.Period.Start.ToString());
        json.WriteString("to", document.Period.End.ToString());
        json.WriteString("at", document.At.ToString());
        if (document.Corrects is { } corrects) json.WriteString("corrects", corrects);
        json.WriteStartArray("lines");
        foreach (var line in document.Lines) Line(json, line);
        json.WriteEndArray();
        Sums(json, document);
        json.WriteEndObject();
    }

    /// <summary>SHA-256 of the canonical bytes, as 64 hexadecimal digits.</summary>
    public static string Hash(InvoiceDocument document)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        Write(document, buffer);
        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    /// <summary>A kind as it is written: in lower case, e.g. oneOff.</summary>
    internal static string Name(Enum kind)
    {
        var name = kind.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    static void Line(Utf8JsonWriter json, InvoiceLine line)
    {
        json.WriteStartObject();
        json.WriteString("key", line.Key);
        json.WriteString("kind", Name(line.Kind));
        json.WriteString("charge", line.Charge);
        json.WriteString("product", line.Product);
        json.WriteString("description", line.Description);
        if (line.Meter is { } meter) json.WriteString("meter", meter);
        if (line.Unit is { } unit) json.WriteString("unit", unit);
        json.WriteString("from", line.Service.Start.ToString());
        json.WriteString("to", line.Service.End.ToString());
        json.WriteNumber("version", line.Version);
        json.WriteString("quantity", line.Quantity.ToString());
        if (!line.Covered.IsZero) json.WriteString("covered", line.Covered.ToString());
        json.WriteString("unrounded", line.Unrounded.ToString());
        json.WriteString("amount", line.Amount.ToString());
        if (line.TaxPercents.Count > 0) Numbers(json, "taxPercents", line.TaxPercents);
        json.WriteEndObject();
    }

    static void Sums(Utf8JsonWriter json, InvoiceDocument document)
    {
        json.WriteString("subTotal", document.SubTotal.ToString());
        json.WriteStartArray("coupons");
        foreach (var coupon in document.Coupons)
        {
            json.WriteStartObject();
            json.WriteString("coupon", coupon.Coupon);
            json.WriteString("amount", coupon.Amount.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteString("couponTotal", document.CouponTotal.ToString());
        json.WriteString("adjustment", document.Adjustment.ToString());
        json.WriteString("net", document.Net.ToString());
        json.WriteString("tax", document.Tax.ToString());
        json.WriteStartArray("burns");
        foreach (var burn in document.Burns) Burn(json, burn);
        json.WriteEndArray();
        json.WriteString("credit", document.Credit.ToString());
        json.WriteString("carried", document.Carried.ToString());
        json.WriteString("carriedForward", document.CarriedForward.ToString());
        json.WriteString("total", document.Total.ToString());
    }

    static void Burn(Utf8JsonWriter json, CreditBurn burn)
    {
        json.WriteStartObject();
        json.WriteString("at", burn.At.ToString());
        json.WriteString("grant", burn.Grant);
        json.WriteString("amount", burn.Amount.ToString());
        json.WriteString("revenue", burn.Revenue.ToString());
        json.WriteEndObject();
    }

    static void Numbers(Utf8JsonWriter json, string name, IReadOnlyList<Exact> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values) json.WriteStringValue(value.ToString());
        json.WriteEndArray();
    }
}
