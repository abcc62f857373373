using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Streams.Rating.Entitlements;
using Streams.Rating.Meters;
using Streams.Rating.Numbers;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Streaming;

namespace Streams.Aggregators.Entitlements;

/// <summary>
/// Writes to entitlements.alerts what was reached, in the transaction of the event that reached it: each threshold and the limit once in an interval, and the
/// interval's end where there was use. docs/entitlements.md describes the records.
/// </summary>
sealed class EntitlementAlerts(IProcessorContext context)
{
    public const string Sink = "entitlement-alerts";

    static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    readonly ArrayBufferWriter<byte> _buffer = new(512);

    public void Threshold(OwnFeature feature, EntitlementEntry entry, EntitlementAlert alert) =>
        Write("threshold", feature, entry, alert.At, entry.Use.Interval, alert.Percent.ToString(), json =>
        {
            json.WriteString("percent", alert.Percent.ToString());
            Amounts(json, alert.Used, alert.Allowed);
        });

    public void Limit(OwnFeature feature, EntitlementEntry entry, Timestamp at, Exact allowed) =>
        Write("limit", feature, entry, at, entry.Use.Interval, null, json => Amounts(json, entry.Use.Used, allowed));

    /// <summary>An interval with use is over: what was used in it, and what is allowed now.</summary>
    public void Reset(OwnFeature feature, EntitlementEntry entry, MeteredUse before, Exact allowed) =>
        Write("reset", feature, entry, before.Interval.End, before.Interval, null, json =>
        {
            Amounts(json, before.Used, allowed);
            json.WriteString("rolledOver", entry.Use.Carried.ToString());
        });

    /// <summary>An accepted event that the feature could not count, since its interval holds more than its meter keeps, or does not hold what was taken back.</summary>
    public void Uncounted(OwnFeature feature, EntitlementEntry entry, MeterEvent usage, string code, string reason) =>
        Write("uncounted", feature, entry, usage.Time, entry.Use.Interval, usage.Id.ToString("x32"), json =>
        {
            json.WriteString("code", code);
            json.WriteString("reason", reason);
        });

    static void Amounts(Utf8JsonWriter json, Exact used, Exact allowed)
    {
        json.WriteString("used", used.ToString());
        json.WriteString("allowed", allowed.ToString());
    }

    void Write(string kind, OwnFeature feature, EntitlementEntry entry, Timestamp at, TimeWindow interval, string? detail, Action<Utf8JsonWriter> content)
    {
        _buffer.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_buffer, Json))
        {
            json.WriteStartObject();
            json.WriteString("id", $"{entry.Key.Customer}/{entry.Key.Feature}/{interval.Start}/{kind}{(detail is null ? "" : "/" + detail)}");
            json.WriteString("kind", kind);
            json.WriteString("customer", entry.Key.Customer);
            json.WriteString("feature", entry.Key.Feature);
            json.WriteString("contract", feature.Contract.Id);
            json.WriteString("meter", entry.Meter);
            json.WriteString("at", at.ToString());
            json.WriteString("from", interval.Start.ToString());
            if (interval != ZoneClock.Supported) json.WriteString("to", interval.End.ToString());
            content(json);
            json.WriteEndObject();
        }
        context.Forward(Sink, Encoding.UTF8.GetBytes(entry.Key.Customer), _buffer.WrittenSpan, Math.Max(0, at.Millis));
        Telemetry.Alert(kind);
    }
}
