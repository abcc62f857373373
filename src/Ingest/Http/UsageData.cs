using System.Text.Json;
using Streams.Ingest.Events;
using Streams.Schemas;

namespace Streams.Ingest.Http;

/// <summary>The data of a usage event.</summary>
readonly record struct UsageData(ExactDecimal Quantity, string? Meter, string? SubscriptionId, string? CorrelationId, SortedDictionary<string, string> Dimensions)
{
    /// <summary>Reads data; the extension attributes join its dimensions.</summary>
    public static UsageData Read(JsonElement? data, SortedDictionary<string, string> extensions)
    {
        if (data is not { } json) throw new EventRefusedException(RefusalCodes.FieldMissing, "data", "is missing");
        if (json.ValueKind != JsonValueKind.Object) throw new EventRefusedException(RefusalCodes.FieldType, "data", "must be an object");
        ExactDecimal? quantity = null;
        string? meter = null, subscription = null, correlation = null;
        foreach (var property in json.EnumerateObject())
        {
            switch (property.Name)
            {
                case "quantity": quantity = ReadQuantity(property.Value); break;
                case "meter": meter = Id(property, meter); break;
                case "subscription_id": subscription = Id(property, subscription); break;
                case "correlation_id": correlation = Id(property, correlation); break;
                case "dimensions": ReadDimensions(property.Value, extensions); break;
                default: throw new EventRefusedException(RefusalCodes.FieldUnknown, "data", "holds a property other than quantity, meter, dimensions, subscription_id, correlation_id");
            }
        }
        return quantity is { } value
            ? new(value, meter, subscription, correlation, extensions)
            : throw new EventRefusedException(RefusalCodes.FieldMissing, "data.quantity", "is missing");
    }

    static string? Id(JsonProperty property, string? absent) => property.Value.ValueKind == JsonValueKind.Null
        ? absent
        : EventText.RequireId(JsonText.Get(property.Value, $"data.{property.Name}"), $"data.{property.Name}");

    static ExactDecimal ReadQuantity(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Quantities.FromText(JsonText.Get(value, "data.quantity"), "data.quantity"),
        JsonValueKind.Number => Quantities.FromJsonNumber(value.GetRawText(), "data.quantity"),
        _ => throw new EventRefusedException(RefusalCodes.FieldType, "data.quantity", "must be a decimal number, as a string or a JSON number"),
    };

    static void ReadDimensions(JsonElement value, SortedDictionary<string, string> into)
    {
        if (value.ValueKind == JsonValueKind.Null) return;
        if (value.ValueKind != JsonValueKind.Object) throw new EventRefusedException(RefusalCodes.FieldType, "data.dimensions", "must be an object");
        foreach (var property in value.EnumerateObject())
        {
            if (into.Count == UsageEventRules.MaxDimensions)
            {
                throw new EventRefusedException(RefusalCodes.TooManyDimensions, "data.dimensions", $"and extensions are more than {UsageEventRules.MaxDimensions}");
            }
            if (!into.TryAdd(property.Name, JsonText.Get(property.Value, "data.dimensions")))
            {
                throw new EventRefusedException(RefusalCodes.TextInvalid, "data.dimensions", "repeats an extension attribute");
            }
        }
    }
}
