using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Streams.Rating.Contracts.Format;

namespace Streams.Rating.Contracts;

/// <summary>
/// Writes definitions as the canonical JSON of <see cref="Schemas.ContractEntry.Body"/>: properties in the documented order, maps by key, no white space, and nothing
/// that has its default, so that a property added to the format later does not change how older definitions look.
/// </summary>
public static class CanonicalJson
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Write(Customer customer) => Text(MeterShapes.Customer, customer);

    public static string Write(Meter meter) => Text(MeterShapes.Meter, meter);

    public static string Write(PriceBook book) => Text(ChargeShapes.PriceBook, book);

    public static string Write(Contract contract) => Text(ContractShapes.Contract, contract);

    public static string Write(ChargeDefinition charge) => Text(ChargeShapes.Charge, charge);

    static string Text<T>(Shape<T> shape, T value)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Options)) shape.Write(json, value);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
