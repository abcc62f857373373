using System.Text.Json;
using System.Text.Json.Serialization;
using Streams.Ingest.Events;

namespace Streams.Ingest.Files;

/// <summary>How lines become events; docs/mappings describes every property.</summary>
public sealed record ImportMapping
{
    const int MaxBytes = 64 * 1024;

    static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Strict) { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, MaxDepth = 16 };

    /// <summary>Part of every event's id: change it and the same lines become other events.</summary>
    public required string Id { get; init; }

    /// <summary>The events' source.</summary>
    public required string Source { get; init; }

    /// <summary>Between the fields of a CSV file.</summary>
    public char Delimiter { get; init; } = ',';

    public required TimeMapping Time { get; init; }

    public required CustomerMapping Customer { get; init; }

    public required IReadOnlyList<EventMapping> Events { get; init; }

    /// <summary>Dimension → column.</summary>
    public IReadOnlyDictionary<string, string> Dimensions { get; init; } = new Dictionary<string, string>();

    /// <summary>Publish in order of time instead of the file's.</summary>
    public bool Sort { get; init; }

    /// <exception cref="ImportException">Says what is wrong with the mapping.</exception>
    public static ImportMapping Load(string path)
    {
        try
        {
            if (new FileInfo(path).Length > MaxBytes) throw new ImportException($"The mapping {path} has more than {MaxBytes} bytes");
            return Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ImportException($"The mapping cannot be read: {e.Message}", e);
        }
    }

    /// <inheritdoc cref="Load"/>
    public static ImportMapping Parse(string json)
    {
        try
        {
            var mapping = JsonSerializer.Deserialize<ImportMapping>(json, Json) ?? throw new ImportException("The mapping is null");
            mapping.Validate();
            return mapping;
        }
        catch (JsonException e)
        {
            throw new ImportException($"The mapping is not valid: {e.Message}", e);
        }
    }

    void Validate()
    {
        Require(Id is { Length: > 0 and <= EventText.MaxIdBytes }, "id must have 1 to 200 characters");
        Require(Source is { Length: > 0 and <= EventText.MaxIdBytes }, "source must have 1 to 200 characters");
        Require(char.IsAscii(Delimiter) && Delimiter is not ('"' or '\r' or '\n'), "delimiter must be an ASCII character other than a quote or line break");
        Require(Events.Count is > 0 and <= 32, "events must have 1 to 32 entries");
        Require(Dimensions.Count <= UsageEventRules.MaxDimensions, $"dimensions may have {UsageEventRules.MaxDimensions} entries");
        Require(Events.Select(e => e.Meter).Distinct(StringComparer.Ordinal).Count() == Events.Count, "events must name each meter once");
        foreach (var e in Events) Require(e.Column is null != e.Constant is null, $"event {e.Meter} needs either column or constant");
        Time.Validate();
        Customer.Validate();
    }

    internal static void Require(bool rule, string message)
    {
        if (!rule) throw new ImportException($"The mapping's {message}");
    }
}

/// <summary>An event for each line: its quantity from a column or constant; none for lines where the column holds <see cref="AbsentWhen"/>.</summary>
public sealed record EventMapping
{
    public required string Meter { get; init; }

    public string? Column { get; init; }

    public string? Constant { get; init; }

    public string? AbsentWhen { get; init; }
}
