using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Aggregators.Tests.Metering;
using Streams.Rating.Contracts;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Tests.Billing;

/// <summary>The metering topology under a book of contracts, and what it wrote; the calculator's documents for the same events.</summary>
sealed class Billed : IDisposable
{
    public const long Second = 1_000_000, Minute = 60 * Second, Hour = 60 * Minute, Day = 24 * Hour;

    readonly Bench _bench;
    readonly Random? _crashes;

    public Billed(ContractBook book, MeteringOptions? options = null, Random? crashes = null, EntitlementView? view = null)
    {
        Source = new(book);
        _bench = new(options, new BookTerms(Source), view: view);
        _crashes = crashes;
    }

    public ContractBookSource Source { get; }

    public List<TestOutput> Documents { get; } = [];

    /// <summary>What was written to contracts.editions.</summary>
    public List<TestOutput> Editions { get; } = [];

    public List<(byte[]? Key, byte[]? Value)> Input => _bench.Input;

    public List<ErpDocument> Erp { get; } = [];

    public List<JsonNode> Journal { get; } = [];

    public List<JsonNode> Alerts { get; } = [];

    public TopologyTestDriver Driver => _bench.Driver;

    public List<(string Topic, string Code)> SetAside { get; } = [];

    public IEnumerable<string> Texts => Documents.Select(d => Encoding.UTF8.GetString(d.Value!));

    public IEnumerable<JsonNode> Parsed => Texts.Select(t => JsonNode.Parse(t)!);

    public static ContractBook Book(string json) => ContractFile.Load(Encoding.UTF8.GetBytes(json));

    public static UsageEvent Event(string id, string customer, string meter, Timestamp at, string quantity, params (string Name, string Value)[] dimensions) => new()
    {
        Id = id, Source = "s", CustomerId = customer, Meter = meter, OccurredAt = at, Quantity = ExactDecimal.Parse(quantity),
        Dimensions = dimensions.ToDictionary(d => d.Name, d => d.Value, StringComparer.Ordinal),
    };

    public static Timestamp At(string time) => Timestamp.From(DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal));

    public static UsageEvent Correction(UsageEvent original, string id, UsageEvent? replacement = null) => Calculation.Correction(original, id, replacement);

    public void Send(params IEnumerable<UsageEvent> events)
    {
        foreach (var usage in events)
        {
            _bench.Send(usage);
            if (_crashes?.Next(7) == 0 || IsOfParent(usage)) Commit();
            else if (_crashes?.Next(9) == 0) Restart();
        }
    }

    /// <summary>Puts the definitions of a file in force, one record after the other.</summary>
    public void Load(string json)
    {
        foreach (var entry in ContractFile.Parse(Encoding.UTF8.GetBytes(json), "test", default, Source.Current))
        {
            var value = new ArrayBufferWriter<byte>();
            WireFormat.WriteHeader(value, 1);
            entry.Write(value);
            Assert.True(Source.TryApply(ContractBookSource.Key(entry.Kind, entry.Id), value.WrittenSpan, false, out var error), error);
        }
    }

    /// <summary>Of usage that is sent on to another customer, the clock waits until it has come there.</summary>
    bool IsOfParent(UsageEvent usage) => Source.Current.Customers.GetValueOrDefault(usage.CustomerId) is { Parent: not null };

    public void Flush(Timestamp at)
    {
        _bench.Flush(at.Micros);
        Commit();
    }

    public void Restart() => _bench.Driver.Restart();

    public void Commit()
    {
        var driver = _bench.Driver;
        driver.Commit();
        if (driver.ReadOutput(Topics.UsageEvents) is { Count: > 0 } routed)
        {
            foreach (var record in routed) _bench.Send(record.Key, record.Value);
            driver.Commit();
        }
        Documents.AddRange(driver.ReadOutput(Topics.BillingDocuments));
        Editions.AddRange(driver.ReadOutput(Topics.ContractEditions));
        Erp.AddRange(driver.ReadOutput(Topics.ErpDocuments).Select(o => ErpDocument.Read(o.Value.AsSpan(5))));
        Journal.AddRange(driver.ReadOutput(Topics.BillingJournal).Select(o => JsonNode.Parse(o.Value)!));
        Alerts.AddRange(driver.ReadOutput(Topics.EntitlementAlerts).Select(o => JsonNode.Parse(o.Value)!));
        foreach (var topic in new[] { Topics.UsageLate, Topics.UsageParked, Topics.UsageDeadLetters })
            SetAside.AddRange(driver.ReadOutput(topic).Select(o => (topic, Header(o, DeadLetterHeaders.Code))));
    }

    public static string Header(TestOutput output, string name) => Encoding.UTF8.GetString(output.Headers!.GetLastBytes(name));

    public long Rated() => _bench.Driver.ReadOutput(Topics.UsageRated).Count;

    public static List<string> Calculated(ContractBook book, IEnumerable<UsageEvent> usage, Timestamp until) => Calculation.Documents(book, usage, until);

    /// <summary>Events as the calculator reads them.</summary>
    public static byte[] Json(IEnumerable<UsageEvent> usage) => Calculation.Json(usage);

    public void Dispose() => _bench.Dispose();
}
