using System.Text.Json.Nodes;
using Confluent.Kafka;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>What goes wrong in life: events that the entrance refuses, and records that somebody wrote to the topic past it.</summary>
static class BadInput
{
    /// <summary>Refused one by one, each with a code; the good ones of their batch are taken.</summary>
    public static IReadOnlyList<JsonObject> RefusedEvents() =>
    [
        Event("bad-1", "no.such.meter", "2026-01-05T00:00:00Z", "1"),
        Event("bad-2", "api.requests", "2026-01-05T00:00:00Z", "-5"),
        Event("bad-3", "api.requests", "2026-01-05T00:00:00Z", "NaN"),
        Event("bad-4", "api.requests", "yesterday", "1"),
        Event("bad-5", "api.requests", "2999-01-05T00:00:00Z", "1"),
    ];

    /// <summary>Written straight to usage.events: they end as dead letters, and their partition goes on.</summary>
    public static async Task<int> WriteMalformedAsync(ClientConfig connection, CancellationToken cancel)
    {
        using var producer = new ProducerBuilder<byte[]?, byte[]?>(new ProducerConfig(connection) { EnableIdempotence = true }).Build();
        (byte[]? Key, byte[]? Value)[] records =
        [
            ("cust-0001"u8.ToArray(), "{\"not\": \"avro\"}"u8.ToArray()),
            ("cust-0002"u8.ToArray(), [0, 0x7F, 0xFF, 0xFF, 0xFF, 1, 2, 3]),
            ("cust-0003"u8.ToArray(), null),
            (null, "no key"u8.ToArray()),
            ("cust-0004"u8.ToArray(), []),
        ];
        foreach (var (key, value) in records)
            await producer.ProduceAsync(Topics.UsageEvents, new Message<byte[]?, byte[]?> { Key = key, Value = value, Timestamp = new Confluent.Kafka.Timestamp(1_767_600_000_000, TimestampType.CreateTime) }, cancel);
        return records.Length;
    }

    static JsonObject Event(string id, string meter, string time, string quantity) => new()
    {
        ["specversion"] = "1.0", ["id"] = id, ["source"] = TelemetrySender.Source, ["type"] = meter, ["subject"] = "cust-0001", ["time"] = time,
        ["data"] = new JsonObject { ["quantity"] = quantity },
    };
}
