using Streams.Ingest.Events;

namespace Streams.Ingest.Http;

/// <summary>The context attributes of one CloudEvent as text, whichever mode it came in. Attributes that are not set stay null.</summary>
sealed class CloudEventAttributes
{
    const int MaxNameLength = 64;

    public string? Id { get; private set; }
    public string? Source { get; private set; }
    public string? SpecVersion { get; private set; }
    public string? Type { get; private set; }
    public string? Time { get; private set; }
    public string? Subject { get; private set; }
    public string? DataContentType { get; private set; }
    public string? CorrelationId { get; private set; }

    /// <summary>Extension attributes, kept as dimensions "ce.name".</summary>
    public SortedDictionary<string, string> Extensions { get; } = new(StringComparer.Ordinal);

    public void Set(string name, string value)
    {
        switch (name)
        {
            case "id": Id = value; break;
            case "source": Source = value; break;
            case "specversion": SpecVersion = value; break;
            case "type": Type = value; break;
            case "time": Time = value; break;
            case "subject": Subject = value; break;
            case "datacontenttype": DataContentType = value; break;
            case "correlationid": CorrelationId = value; break;
            case "dataschema": break; // says nothing that this API does not fix itself
            default: AddExtension(name, value); break;
        }
    }

    void AddExtension(string name, string value)
    {
        if (name.Length is 0 or > MaxNameLength || !name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)))
        {
            throw new EventRefusedException(RefusalCodes.FieldUnknown, "attributes", $"have a name that is not 1 to {MaxNameLength} lower-case letters and digits");
        }
        if (Extensions.Count == UsageEventRules.MaxDimensions) throw new EventRefusedException(RefusalCodes.TooManyDimensions, "attributes", $"are more than {UsageEventRules.MaxDimensions} extensions");
        Extensions.Add("ce." + name, value);
    }
}
