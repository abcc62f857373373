using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml;
using Streams.Schemas;

namespace Streams.Rating.Contracts.Format;

/// <summary>What a text was read as, or the code and reason of why not.</summary>
readonly record struct Parsed<T>(T Value, string? Code = null, string? Reason = null)
{
    public static Parsed<T> Fault(string code, string reason) => new(default!, code, reason);
}

/// <summary>A value that is written as a JSON string.</summary>
sealed class TextShape<T>(Func<string, Parsed<T>> parse, Func<T, string> format, Func<JsonObject> schema) : Shape<T>
{
    public override T Read(JsonElement json, string path, FaultCollector faults)
    {
        if (json.ValueKind != JsonValueKind.String) return Wrong(json, path, "a string", faults);
        if (Text(json) is not { } text)
        {
            faults.Add(path, "TEXT_INVALID", "holds half of a surrogate pair");
            return default!;
        }
        var parsed = parse(text);
        if (parsed.Code is { } code) faults.Add(path, code, parsed.Reason!);
        return parsed.Value;
    }

    public override void Write(Utf8JsonWriter json, T value) => json.WriteStringValue(format(value));

    public override JsonObject Schema(SchemaDefinitions definitions) => schema();

    static string? Text(JsonElement json)
    {
        try
        {
            return json.GetString();
        }
        catch (InvalidOperationException)
        {
            return null; // told as a fault by the caller
        }
    }
}

/// <summary>A whole number.</summary>
sealed class IntegerShape(long low, long high) : Shape<long>
{
    public override long Read(JsonElement json, string path, FaultCollector faults)
    {
        if (json.ValueKind != JsonValueKind.Number || !json.TryGetInt64(out var number)) return Wrong(json, path, "a whole number", faults);
        if (number < low || number > high) faults.Add(path, "VALUE_OUT_OF_RANGE", $"{number} is not between {low} and {high}");
        return number;
    }

    public override void Write(Utf8JsonWriter json, long value) => json.WriteNumberValue(value);

    public override JsonObject Schema(SchemaDefinitions definitions) => new() { ["type"] = "integer", ["minimum"] = low, ["maximum"] = high };
}

/// <summary>As <see cref="IntegerShape"/>, of 32 bits.</summary>
sealed class IntShape(int low, int high) : Shape<int>
{
    readonly IntegerShape _wide = new(low, high);

    public override int Read(JsonElement json, string path, FaultCollector faults) => _wide.Read(json, path, faults) is var number && number >= low && number <= high ? (int)number : low;

    public override void Write(Utf8JsonWriter json, int value) => json.WriteNumberValue(value);

    public override JsonObject Schema(SchemaDefinitions definitions) => _wide.Schema(definitions);
}

sealed class BooleanShape : Shape<bool>
{
    public override bool Read(JsonElement json, string path, FaultCollector faults) =>
        json.ValueKind is JsonValueKind.True or JsonValueKind.False ? json.GetBoolean() : Wrong(json, path, "true or false", faults);

    public override void Write(Utf8JsonWriter json, bool value) => json.WriteBooleanValue(value);

    public override JsonObject Schema(SchemaDefinitions definitions) => new() { ["type"] = "boolean" };
}

/// <summary>The values without parts.</summary>
static partial class Scalars
{
    const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;

    static readonly string[] TimeFormats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'"];

    public static Shape<string> Id { get; } = new TextShape<string>(
        text => Identifiers.Check(text) is var (code, reason) ? Parsed<string>.Fault(code, reason) : new(text), id => id,
        () => Text(@"^[^|\u0000-\u001f\u007f-\u009f]*$", Identifiers.MaxLength));

    /// <summary>A text of 1 to 200 characters without control characters.</summary>
    public static Shape<string> Label { get; } = TextOf(Identifiers.MaxLength);

    /// <summary>An expression or a longer text.</summary>
    public static Shape<string> LongText { get; } = TextOf(4000);

    /// <summary>A decimal that is not negative, as a string, so that no reader on the way takes it for binary floating point.</summary>
    public static Shape<Exact> Amount { get; } = new TextShape<Exact>(
        text => !Exact.TryParse(text, out var value, out var error) ? Parsed<Exact>.Fault("DECIMAL_INVALID", $"'{Short(text)}' {error}")
            : value.Sign < 0 ? Parsed<Exact>.Fault("PRICE_NEGATIVE", $"{value} is negative") : new(value),
        value => value.ToString(), () => Text(@"^[0-9]+(\.[0-9]{1,18})?$", 36));

    /// <summary>A decimal of nine places.</summary>
    public static Shape<ExactDecimal> ExactNumber { get; } = new TextShape<ExactDecimal>(
        text => ExactDecimal.TryParse(text, out var value, out var error) ? new(value) : Parsed<ExactDecimal>.Fault("DECIMAL_INVALID", $"'{Short(text)}' {error}"),
        value => value.ToString(), () => Text(@"^-?[0-9]+(\.[0-9]+)?$", 64));

    /// <summary>A UTC time: a date (its midnight), or with hours and up to six decimals of a second.</summary>
    public static Shape<Timestamp> Time { get; } = new TextShape<Timestamp>(
        text => DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, Utc, out var time) ? new(Timestamp.From(time))
            : Parsed<Timestamp>.Fault("TIME_INVALID", $"'{Short(text)}' is not a UTC time such as 2026-01-31T00:00:00Z"),
        time => time.ToString(), () => Text(@"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?Z)?$"));

    public static Shape<DateOnly> Date { get; } = new TextShape<DateOnly>(
        text => DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date) ? new(date)
            : Parsed<DateOnly>.Fault("DATE_INVALID", $"'{Short(text)}' is not a date such as 2026-01-31"),
        date => date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), () => Text("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"));

    /// <summary>A span of days, hours, minutes and seconds (ISO 8601), in microseconds: P1D, PT90M. Days have 24 hours.</summary>
    public static Shape<long> Duration { get; } = new TextShape<long>(
        text => Durations().IsMatch(text) ? new(XmlConvert.ToTimeSpan(text).Ticks / TimeSpan.TicksPerMicrosecond)
            : Parsed<long>.Fault("DURATION_INVALID", $"'{Short(text)}' is not a duration such as P1D or PT90M"),
        micros => XmlConvert.ToString(TimeSpan.FromMicroseconds(micros)), () => Text(DurationPattern + "$"));

    /// <summary>Three capital letters (ISO 4217).</summary>
    public static Shape<string> Currency { get; } = new TextShape<string>(
        text => text.Length == 3 && text.All(char.IsAsciiLetterUpper) ? new(text) : Parsed<string>.Fault("CURRENCY_INVALID", "must be three capital letters (ISO 4217)"),
        text => text, () => Text("^[A-Z]{3}$"));

    public static Shape<bool> Flag { get; } = new BooleanShape();

    /// <summary>How many of something.</summary>
    public static Shape<long> Count { get; } = new IntegerShape(0, 1_000_000_000_000_000);

    public static Shape<int> Int(int low, int high) => new IntShape(low, high);

    /// <summary>The names of an enumeration, the first letter small.</summary>
    public static Shape<T> OneOf<T>() where T : struct, Enum => Named(System.Enum.GetValues<T>().Select(v => (Name(v), v)).ToArray());

    /// <summary>The same, and "none".</summary>
    public static Shape<T?> OneOrNone<T>() where T : struct, Enum => Named([("none", null), .. System.Enum.GetValues<T>().Select(v => (Name(v), (T?)v))]);

    /// <summary>Values by name.</summary>
    public static Shape<T> Named<T>(params (string Name, T Value)[] values) => new TextShape<T>(
        text => values.Any(v => v.Name == text) ? new(values.First(v => v.Name == text).Value)
            : Parsed<T>.Fault("VALUE_UNKNOWN", $"'{Short(text)}' is none of {string.Join(", ", values.Select(v => v.Name))}"),
        value => values.First(v => EqualityComparer<T>.Default.Equals(v.Value, value)).Name,
        () => new() { ["enum"] = new JsonArray([.. values.Select(v => (JsonNode)v.Name)]) });

    static string Name<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    static TextShape<string> TextOf(int length) => new(
        text => text.Length == 0 || text.Length > length ? Parsed<string>.Fault("TEXT_INVALID", $"must have 1 to {length} characters")
            : text.Any(char.IsControl) ? Parsed<string>.Fault("TEXT_INVALID", "holds a control character") : new(text),
        text => text, () => Text(@"^[^\u0000-\u001f\u007f-\u009f]*$", length));

    static JsonObject Text(string pattern, int? length = null)
    {
        var schema = new JsonObject { ["type"] = "string", ["pattern"] = pattern };
        if (length is { } most) (schema["minLength"], schema["maxLength"]) = (1, most);
        return schema;
    }

    static string Short(string text) => text.Length <= 64 ? text : text[..64] + "…";

    const string DurationPattern = "^P(?=[0-9T])([0-9]{1,4}D)?(T(?=[0-9])([0-9]{1,5}H)?([0-9]{1,7}M)?([0-9]{1,9}S)?)?";

    [GeneratedRegex(DurationPattern + "\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Durations();
}
