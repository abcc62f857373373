using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Streams.Rating.PlanContracts;

/// <summary>Writes definitions as the canonical JSON of <see cref="ContractEntry.Body"/>: properties in the documented order, maps by key, no white space.</summary>
public static class CanonicalJson
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(Meter meter) => Text(json =>
    {
        json.WriteString("id", meter.Id);
        json.WriteString("unit", meter.Unit);
        json.WriteString("product", meter.Product);
    });

    public static string Write(Customer customer) => Text(json =>
    {
        json.WriteString("id", customer.Id);
        json.WriteString("name", customer.Name);
        json.WriteString("legalEntity", customer.LegalEntity);
        json.WriteStartObject("erpIds");
        foreach (var (erp, id) in customer.ErpIds.OrderBy(e => e.Key, StringComparer.Ordinal)) json.WriteString(erp, id);
        json.WriteEndObject();
    });

    public static string Write(Plan plan) => Text(json =>
    {
        json.WriteString("id", plan.Id);
        json.WriteString("currency", plan.Currency);
        json.WriteStartObject("prices");
        foreach (var (meter, tiers) in plan.Prices.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            json.WriteStartArray(meter);
            foreach (var tier in tiers)
            {
                json.WriteStartObject();
                json.WriteString("upTo", tier.UpTo?.ToString());
                json.WriteString("unitPrice", tier.UnitPrice.ToString());
                json.WriteEndObject();
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
    });

    public static string Write(Contract contract) => Text(json =>
    {
        json.WriteString("id", contract.Id);
        json.WriteString("customer", contract.Customer);
        json.WriteStartArray("versions");
        foreach (var version in contract.Versions)
        {
            json.WriteStartObject();
            json.WriteNumber("version", version.Version);
            json.WriteString("from", version.From.ToString());
            json.WriteString("to", version.To?.ToString());
            json.WriteString("plan", version.Plan);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    static string Text(Action<Utf8JsonWriter> body)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            body(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
