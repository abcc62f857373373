using System.Text.Json;
using Streams.ErpSink.Status;
using Streams.Schemas;

namespace Streams.Cli.Demo;

/// <summary>Holds figures of independent sources against one another: the topics, the ledger, and the ERP's own journal.</summary>
static class Reconciler
{
    public static async Task<IReadOnlyList<ReconciliationLine>> CompareAsync(DemoPlant plant, TopicAudit audit, BillingAudit billing, ErpSinkStatus status, CancellationToken cancel)
    {
        var lines = new List<ReconciliationLine>
        {
            Count("events in the topic = dispositions", audit.InputRecords, audit.Dispositions.Sum),
            Count("events accepted = events behind the lines of the documents", audit.Dispositions.Accepted, billing.Events),
            Count("documents made otherwise by the calculator = none", billing.Differing, 0),
        };
        var unposted = Unposted(plant);
        foreach (var ledger in await status.ReconcileAsync(cancel))
        {
            var currency = ledger.Currency;
            lines.Add(new($"billed = posted + listed ({currency})", billing.Due.GetValueOrDefault(currency), ledger.Confirmed + ledger.Listed + ledger.UnderWay + unposted.GetValueOrDefault(currency)));
            lines.Add(new($"confirmed in the ledger = the ERPs' journals ({currency})", ledger.Confirmed, Journals(plant)));
        }
        lines.Add(Count("documents in the ERPs = different keys among them", plant.Committed.Count(), plant.Committed.Select(r => r.Key).Distinct().Count()));
        return lines;
    }

    /// <summary>What was billed and stands on the list in place of the ERP, by currency.</summary>
    static Dictionary<string, ExactDecimal> Unposted(DemoPlant plant)
    {
        var sums = new Dictionary<string, ExactDecimal>(StringComparer.Ordinal);
        foreach (var record in TopicReader.ReadAll(plant.Kafka.ToClientConfig(), Topics.BillingJournal))
        {
            using var entry = JsonDocument.Parse(record.Message.Value);
            if (entry.RootElement.GetProperty("kind").GetString() != "unposted") continue;
            var currency = entry.RootElement.GetProperty("currency").GetString()!;
            sums[currency] = sums.GetValueOrDefault(currency) + ExactDecimal.Parse(entry.RootElement.GetProperty("due").GetString()!);
        }
        return sums;
    }

    static ExactDecimal Journals(DemoPlant plant) => plant.Committed.Aggregate(ExactDecimal.Zero, (sum, r) => sum + r.Balance());

    static ReconciliationLine Count(string what, long left, long right) => new(what, ExactDecimal.FromInteger(left), ExactDecimal.FromInteger(right));
}
