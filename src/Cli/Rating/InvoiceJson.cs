using System.Text.Encodings.Web;
using System.Text.Json;
using Streams.Rating.Calculator;
using Streams.Rating.Invoicing;

namespace Streams.Cli.Rating;

/// <summary>Documents as JSON, each with the SHA-256 of its canonical bytes, and the usage in none of them.</summary>
static class InvoiceJson
{
    public static void Print(RatedContracts rated)
    {
        using var output = Console.OpenStandardOutput();
        using (var json = new Utf8JsonWriter(output, new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartArray("documents");
            foreach (var document in rated.Documents)
            {
                json.WriteStartObject();
                json.WriteString("sha256", InvoiceDocumentJson.Hash(document));
                json.WritePropertyName("document");
                using (var canonical = JsonDocument.Parse(InvoiceDocumentJson.Write(document))) canonical.RootElement.WriteTo(json);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("unrated");
            foreach (var (entry, code) in rated.Unrated)
            {
                json.WriteStartObject();
                json.WriteString("entry", entry.Path);
                json.WriteString("meter", entry.Meter);
                json.WriteString("at", entry.At.ToString());
                json.WriteString("quantity", entry.Quantity.ToString());
                json.WriteString("code", code);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        output.Write("\n"u8);
    }
}
