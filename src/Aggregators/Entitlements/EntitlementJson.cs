using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Streams.Rating.Contracts;
using Streams.Rating.Numbers;
using Streams.Schemas;

namespace Streams.Aggregators.Entitlements;

/// <summary>Answers as docs/entitlements.md describes them. Numbers are texts in plain notation, times are in UTC.</summary>
sealed class EntitlementJson
{
    static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    [ThreadStatic]
    static EntitlementJson? _own;

    readonly ArrayBufferWriter<byte> _buffer = new(1024);
    readonly Utf8JsonWriter _json;

    EntitlementJson() => _json = new(_buffer, Options);

    /// <summary>One for each thread; what it wrote is good until it writes again.</summary>
    public static EntitlementJson OfThread => _own ??= new();

    public ReadOnlySpan<byte> Write(FeatureAnswer answer)
    {
        Begin();
        Feature(answer);
        return End();
    }

    public ReadOnlySpan<byte> Write(string customer, IReadOnlyList<FeatureAnswer> answers)
    {
        Begin();
        _json.WriteStartObject();
        _json.WriteString("customer", customer);
        _json.WriteStartArray("entitlements");
        foreach (var answer in answers) Feature(answer);
        _json.WriteEndArray();
        _json.WriteEndObject();
        return End();
    }

    void Begin()
    {
        _buffer.ResetWrittenCount();
        _json.Reset(_buffer);
    }

    ReadOnlySpan<byte> End()
    {
        _json.Flush();
        return _buffer.WrittenSpan;
    }

    void Feature(FeatureAnswer answer)
    {
        var figures = answer.Answer;
        _json.WriteStartObject();
        _json.WriteString("customer"u8, answer.Customer);
        _json.WriteString("feature"u8, figures.Feature);
        if (answer.Entitlement is { } known) _json.WriteString("type"u8, Type(known));
        _json.WriteBoolean("allowed"u8, figures.HasAccess);
        if (answer.Reason is { } reason) _json.WriteString("reason"u8, reason);
        if (figures.Value is { } value) _json.WriteString("value"u8, value);
        if (answer.Entitlement is MeteredEntitlement metered) Metered(metered, answer);
        if (answer.AsOf != long.MinValue) _json.WriteString("asOf"u8, new Timestamp(answer.AsOf).ToString());
        _json.WriteEndObject();
    }

    void Metered(MeteredEntitlement metered, FeatureAnswer answer)
    {
        var figures = answer.Answer;
        _json.WriteString("kind"u8, metered.Kind == LimitKind.Soft ? "soft" : "hard");
        _json.WriteString("limit"u8, figures.Allowed!.Value.ToString());
        if (figures.Allowed.Value != metered.Limit) _json.WriteString("rolledOver"u8, (figures.Allowed.Value - metered.Limit).ToString());
        _json.WriteString("used"u8, Exact.Max(figures.Used!.Value, Exact.Zero).ToString());
        _json.WriteString("remaining"u8, figures.Left!.Value.ToString());
        if (!figures.Overage!.Value.IsZero) _json.WriteString("overage"u8, figures.Overage.Value.ToString());
        if (figures.ResetsAt is { } resets) _json.WriteString("resetsAt"u8, resets.ToString());
    }

    static string Type(Entitlement entitlement) => entitlement switch
    {
        MeteredEntitlement => "metered",
        StaticEntitlement => "static",
        _ => "boolean",
    };
}
