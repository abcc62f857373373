using System.Buffers;
using System.Text.Json;
using Streams.Rating.Invoicing;
using Streams.Schemas;

namespace Streams.Aggregators.Billing;

/// <summary>From a document's lines back to the positions of its events. A contract's usage lies in one partition, and up to <c>through</c> all of it was judged.</summary>
sealed class UsageLineage(string topic, int partition)
{
    /// <summary>The events of a line of usage, and in how many windows they are kept; null for other lines.</summary>
    public (LineageRange Range, long Windows)? Of(ContractAccount account, int ordinal, InvoiceLine line)
    {
        var slices = SlicesOf(account, ordinal, line);
        if (slices.Count == 0) return null;
        var range = new LineageRange { Topic = topic, Partition = partition, FirstOffset = slices.Min(s => s.FirstOffset), LastOffset = slices.Max(s => s.LastOffset), Events = slices.Sum(s => s.Count) };
        return (range, slices.Count);
    }

    /// <summary>The usage that a line bills; none for lines without usage.</summary>
    public static List<UsageSlice> SlicesOf(ContractAccount account, int ordinal, InvoiceLine line) =>
        line.Meter is null ? [] : [.. account.Slices.Values.Where(s => s.Key.Ordinal == ordinal && s.Key.Meter == line.Meter && s.LastOffset >= 0 && !s.Key.Window.Intersect(line.Service).IsEmpty)];

    /// <summary>
    /// The header <c>streams.lineage</c>: topic, partition, the offset through which the partition was judged, the events of the period that were parked instead, and for each
    /// line of usage its events and the offsets between which they lie.
    /// </summary>
    public byte[] Header(ContractAccount account, int ordinal, InvoiceDocument document, long through)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("topic", topic);
            json.WriteNumber("partition", partition);
            json.WriteNumber("through", through);
            var parked = account.Parked.GetValueOrDefault(ordinal);
            json.WriteStartObject("parked");
            Range(json, parked.Events, parked.FirstOffset, parked.LastOffset);
            json.WriteEndObject();
            json.WriteStartArray("lines");
            foreach (var line in document.Lines)
            {
                if (Of(account, ordinal, line) is not { } found) continue;
                json.WriteStartObject();
                json.WriteString("key", line.Key);
                Range(json, found.Range.Events, found.Range.FirstOffset, found.Range.LastOffset);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return buffer.WrittenSpan.ToArray();
    }

    static void Range(Utf8JsonWriter json, long events, long first, long last)
    {
        json.WriteNumber("events", events);
        if (events == 0) return;
        json.WriteNumber("firstOffset", first);
        json.WriteNumber("lastOffset", last);
    }
}
