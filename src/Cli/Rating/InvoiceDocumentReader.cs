using System.Text.Json;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Numbers;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Cli.Rating;

/// <summary>Reads documents as <see cref="InvoiceDocumentJson"/> writes them. Steps are no part of them.</summary>
static class InvoiceDocumentReader
{
    /// <exception cref="FormatException">It is no such document.</exception>
    public static InvoiceDocument Read(JsonElement json)
    {
        try
        {
            return Document(json);
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"Not a document: {e.Message}", e);
        }
    }

    static InvoiceDocument Document(JsonElement json) => new()
    {
        Id = Text(json, "id"), Kind = Enum.Parse<InvoiceKind>(Text(json, "kind"), ignoreCase: true), Contract = Text(json, "contract"), Customer = Text(json, "customer"),
        Payer = Text(json, "payer"), Currency = Text(json, "currency"), Ordinal = json.GetProperty("period").GetInt32(), Period = Window(json), At = Time(json, "at"),
        Corrects = Optional(json, "corrects"), Lines = [.. json.GetProperty("lines").EnumerateArray().Select(Line)], SubTotal = Number(json, "subTotal"),
        Coupons = [.. json.GetProperty("coupons").EnumerateArray().Select(c => new CouponUse(Text(c, "coupon"), Number(c, "amount")))],
        CouponTotal = Number(json, "couponTotal"), Adjustment = Number(json, "adjustment"), Tax = Number(json, "tax"),
        Burns = [.. json.GetProperty("burns").EnumerateArray().Select(b => new CreditBurn(Time(b, "at"), Text(b, "grant"), Number(b, "amount"), Number(b, "revenue")))],
        Carried = Number(json, "carried"), CarriedForward = Number(json, "carriedForward"),
    };

    static InvoiceLine Line(JsonElement json) => new(Text(json, "key"), Enum.Parse<LineKind>(Text(json, "kind"), ignoreCase: true), Text(json, "charge"))
    {
        Product = Text(json, "product"), Description = Text(json, "description"), Meter = Optional(json, "meter"), Unit = Optional(json, "unit"), Service = Window(json),
        Version = json.GetProperty("version").GetInt32(), Quantity = Number(json, "quantity"), Unrounded = Number(json, "unrounded"), Amount = Number(json, "amount"),
        Covered = json.TryGetProperty("covered", out _) ? Number(json, "covered") : Exact.Zero,
        TaxPercents = json.TryGetProperty("taxPercents", out var percents) ? [.. percents.EnumerateArray().Select(p => Exact.ParseStored(p.GetString()!))] : [],
    };

    static TimeWindow Window(JsonElement json) => new(Time(json, "from"), Time(json, "to"));

    static Timestamp Time(JsonElement json, string name) => Timestamp.From(json.GetProperty(name).GetDateTimeOffset());

    static Exact Number(JsonElement json, string name) => Exact.ParseStored(Text(json, name));

    static string Text(JsonElement json, string name) => json.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");

    static string? Optional(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
