using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Streams.Ingest.Events;
using Streams.Schemas;

namespace Streams.Ingest.Http;

/// <summary>
/// Usage events from CloudEvents 1.0 (cloudevents/spec, JSON format and HTTP binding). subject is the customer; the meter is data.meter where given, else type.
/// data holds quantity (string or number), and optionally meter, dimensions, subscription_id, correlation_id; anything else in it is refused, so that a misspelt field is not lost.
/// </summary>
static class CloudEventReader
{
    const string HeaderPrefix = "ce-";

    /// <summary>Structured mode, or one item of a batch.</summary>
    /// <exception cref="EventRefusedException">It is no CloudEvent, or not one of usage.</exception>
    public static UsageEvent ReadStructured(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw Type("event", "must be an object");
        var attributes = new CloudEventAttributes();
        JsonElement? data = null;
        foreach (var property in json.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            if (property.NameEquals("data")) data = property.Value;
            else if (property.NameEquals("data_base64")) throw new EventRefusedException(RefusalCodes.DataContentType, "data_base64", "is not supported; send data as JSON");
            else attributes.Set(property.Name, AttributeText(property));
        }
        return Create(attributes, data);
    }

    /// <summary>Binary mode: attributes in ce- headers, data in the body.</summary>
    /// <exception cref="EventRefusedException">It is no CloudEvent, or not one of usage.</exception>
    public static UsageEvent ReadBinary(IHeaderDictionary headers, JsonElement data)
    {
        var attributes = new CloudEventAttributes();
        foreach (var (header, values) in headers)
        {
            if (!header.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase)) continue;
            var name = header[HeaderPrefix.Length..].ToLowerInvariant();
            if (values.Count != 1) throw new EventRefusedException(RefusalCodes.TextInvalid, name, "is given more than once");
            if (name == "datacontenttype") throw new EventRefusedException(RefusalCodes.FieldUnknown, name, "is the Content-Type header in binary mode");
            attributes.Set(name, HeaderText.Decode(values[0]!, name));
        }
        return Create(attributes, data);
    }

    static UsageEvent Create(CloudEventAttributes attributes, JsonElement? data)
    {
        if (EventText.RequireId(attributes.SpecVersion, "specversion") != "1.0") throw new EventRefusedException(RefusalCodes.SpecVersion, "specversion", "is not 1.0");
        if (attributes.DataContentType is { } type && !MediaTypes.IsJson(type)) throw new EventRefusedException(RefusalCodes.DataContentType, "datacontenttype", "is not JSON");
        var id = EventText.RequireId(attributes.Id, "id");
        var source = EventText.RequireId(attributes.Source, "source");
        var usage = UsageData.Read(data, attributes.Extensions);
        var correlation = usage.CorrelationId ?? attributes.CorrelationId ?? EventIdentity.CorrelationId(source, id);
        return new()
        {
            Id = id,
            Source = source,
            CustomerId = EventText.RequireId(attributes.Subject, "subject"),
            Meter = usage.Meter ?? EventText.RequireId(attributes.Type, "type"),
            OccurredAt = Time(attributes.Time),
            Quantity = usage.Quantity,
            Dimensions = usage.Dimensions,
            SubscriptionId = usage.SubscriptionId,
            CorrelationId = correlation,
        };
    }

    static Timestamp Time(string? text)
    {
        if (string.IsNullOrEmpty(text)) throw new EventRefusedException(RefusalCodes.FieldMissing, "time", "is missing or empty");
        return Rfc3339.TryParse(text, out var time) ? time : throw new EventRefusedException(RefusalCodes.TimeInvalid, "time", "is not an RFC 3339 time such as 2026-01-31T23:30:00Z");
    }

    static string AttributeText(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => JsonText.Get(property.Value, property.Name),
        JsonValueKind.Number when property.Value.TryGetInt32(out _) => property.Value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw Type("attributes", "must be strings, 32-bit integers or booleans"),
    };

    static EventRefusedException Type(string field, string reason) => new(RefusalCodes.FieldType, field, reason);
}
