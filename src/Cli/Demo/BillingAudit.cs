using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Numbers;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Schemas.Identity;
using Streams.Schemas.Registry;

namespace Streams.Cli.Demo;

/// <summary>What billing.documents says, and whether the calculator makes the same documents of the accepted events.</summary>
/// <param name="Documents">Documents on the topic.</param>
/// <param name="Events">Events behind their lines, by their lineage.</param>
/// <param name="Due">What they ask for before what one document carries to another, by currency.</param>
/// <param name="Differing">Documents that the calculator makes otherwise, or that one of the two does not make.</param>
sealed record BillingAudit(long Documents, long Events, IReadOnlyDictionary<string, ExactDecimal> Due, long Differing)
{
    /// <param name="connection">The broker.</param>
    /// <param name="book">The contracts.</param>
    /// <param name="until">The end of the last period that was closed.</param>
    public static BillingAudit Read(ClientConfig connection, ContractBook book, Schemas.Timestamp until)
    {
        var hashes = new HashSet<string>(StringComparer.Ordinal);
        var due = new SortedDictionary<string, Exact>(StringComparer.Ordinal);
        var (documents, events) = (0L, 0L);
        foreach (var record in TopicReader.ReadAll(connection, Topics.BillingDocuments))
        {
            documents++;
            hashes.Add(Convert.ToHexStringLower(SHA256.HashData(record.Message.Value)));
            using var lineage = JsonDocument.Parse(record.Message.Headers.GetLastBytes("streams.lineage"));
            events += lineage.RootElement.GetProperty("lines").EnumerateArray().Sum(l => l.GetProperty("events").GetInt64());
            using var document = JsonDocument.Parse(record.Message.Value);
            Exact Amount(string name) => Exact.ParseStored(document.RootElement.GetProperty(name).GetString()!);
            var currency = document.RootElement.GetProperty("currency").GetString()!;
            due[currency] = due.GetValueOrDefault(currency) + Amount("net") + Amount("tax") - Amount("credit");
        }
        var again = ContractCalculator.Run(book, Accepted(connection, book), until: until).Documents.Where(d => d.Kind != InvoiceKind.Preview).Select(InvoiceDocumentJson.Hash).ToList();
        var differing = again.Count(h => !hashes.Contains(h)) + hashes.Except(again, StringComparer.Ordinal).Count();
        return new(documents, events, due.ToDictionary(d => d.Key, d => d.Value.ToExactDecimal(), StringComparer.Ordinal), differing);
    }

    /// <summary>The usage events that contracts price, each once and without those that came too late.</summary>
    static List<UsageEntry> Accepted(ClientConfig connection, ContractBook book)
    {
        var late = TopicReader.ReadAll(connection, Topics.UsageLate).Select(r => Decode(r)!).Select(e => (e.Source, e.Id)).ToHashSet();
        return [.. TopicReader.ReadAll(connection, Topics.UsageEvents).Select(Decode).OfType<UsageEvent>()
            .Where(e => !late.Contains((e.Source, e.Id)) && book.Find(e.CustomerId, e.Meter, e.OccurredAt).Found)
            .DistinctBy(e => (e.Source, e.Id)).Select(EntryOf)];
    }

    /// <summary>An event as the calculator takes it.</summary>
    public static UsageEntry EntryOf(UsageEvent usage)
    {
        var (low, high) = SipHash128.Identity(Encoding.UTF8.GetBytes(usage.Source), Encoding.UTF8.GetBytes(usage.Id));
        var metered = new MeterEvent(new(high, low), usage.OccurredAt, usage.Quantity, usage.Dimensions);
        return new(usage.Id, usage.CustomerId, usage.Meter, new TimeWindow(usage.OccurredAt, new(usage.OccurredAt.Micros + 1)), usage.Quantity, usage.Dimensions, metered);
    }

    /// <summary>Null: no usage event, as the malformed records that end as dead letters.</summary>
    static UsageEvent? Decode(ConsumeResult<byte[], byte[]> record)
    {
        try
        {
            return WireFormat.TryRead(record.Message.Value, out _, out var payload) ? UsageEvent.Read(payload) : null;
        }
        catch (Schemas.Avro.AvroException)
        {
            return null;
        }
    }
}

/// <summary>The invoice of one customer in mid-month, made of what it had used by then.</summary>
sealed record DemoPreview(InvoiceDocument Document, ContractBook Book)
{
    public static DemoPreview? Of(ContractBook book, IEnumerable<UsageEvent> usage, string customer, Schemas.Timestamp at)
    {
        if (!book.Customers.ContainsKey(customer)) return null;
        var entries = usage.Where(e => e.CustomerId == customer && e.OccurredAt < at).DistinctBy(e => e.Id).Select(BillingAudit.EntryOf).ToList();
        var preview = ContractCalculator.Run(book, entries, customer, at, explain: true).Documents.LastOrDefault(d => d.Kind == InvoiceKind.Preview);
        return preview is null ? null : new(preview, book);
    }
}
