using System.Buffers;
using System.Text;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Tests.Metering;

/// <summary>One partition of the metering topology under fixed prices, in the hands of a test.</summary>
sealed class Bench : IDisposable
{
    public const string Plan = """
        {"currency": "USD", "meters": {
          "m": [{"upTo": "10", "unitPrice": "1"}, {"upTo": null, "unitPrice": "0.5"}],
          "n": [{"upTo": null, "unitPrice": "0.333333333"}]}}
        """;

    public static readonly long Noon = Timestamp.From(new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero)).Micros;

    readonly TopologyTestDriver _driver;

    public Bench(MeteringOptions? options = null, ITermsSource? terms = null, IWriterSchemas? writerSchemas = null, EntitlementView? view = null)
    {
        Options = options ?? new();
        _driver = new(MeteringTopology.Build(Options, terms ?? FixedTerms.Parse(Encoding.UTF8.GetBytes(Plan)), writerSchemas, view: view), 1);
    }

    public MeteringOptions Options { get; }

    public TopologyTestDriver Driver => _driver;

    public static UsageEvent Event(string id, long at, string quantity = "1", string customer = "c", string meter = "m") => new()
    {
        Id = id,
        Source = "s",
        CustomerId = customer,
        Meter = meter,
        OccurredAt = new(at),
        Quantity = ExactDecimal.Parse(quantity),
    };

    public static byte[] Encode(UsageEvent usage)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(buffer, 1);
        usage.Write(buffer);
        return buffer.WrittenSpan.ToArray();
    }

    public void Send(UsageEvent usage) => Send(Encoding.UTF8.GetBytes(usage.CustomerId), Encode(usage));

    /// <summary>The partition's records; their place is their offset.</summary>
    public List<(byte[]? Key, byte[]? Value)> Input { get; } = [];

    public void Send(byte[]? key, byte[]? value)
    {
        Input.Add((key, value));
        _driver.PipeInput(Options.InputTopic, 0, key, value, 0);
    }

    public void Flush(long at) => Send(Event("flush", at, "0", "c", "flush"));

    public List<RatedUsage> Rated() => _driver.ReadOutput(Options.RatedTopic).Select(o => RatedUsage.Read(o.Value.AsSpan(5))).ToList();

    public Dispositions Commit()
    {
        _driver.Commit();
        return Dispositions.Read(_driver.ReadOutput(Topics.UsageDispositions)[^1].Value.AsSpan(5));
    }

    public void Dispose() => _driver.Dispose();
}
