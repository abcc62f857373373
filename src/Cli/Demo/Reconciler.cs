using System.Globalization;
using Streams.ErpSink.Status;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.Cli.Demo;

/// <summary>Holds figures of independent sources against one another: the topics, the ledger, and the ERP's own journal.</summary>
static class Reconciler
{
    public static async Task<IReadOnlyList<ReconciliationLine>> CompareAsync(DemoPlant plant, TopicAudit audit, ErpSinkStatus status, CancellationToken cancel)
    {
        var lines = new List<ReconciliationLine>
        {
            Count("events in the topic = dispositions", audit.InputRecords, audit.Dispositions.Sum),
            Count("events accepted = events in rated windows", audit.Dispositions.Accepted, audit.Charges.Sum(c => c.Events)),
        };
        var documents = Documents(plant);
        foreach (var ledger in await status.ReconcileAsync(cancel))
        {
            var currency = ledger.Currency;
            var summarised = documents.Where(d => d.Currency == currency).ToList();
            var rounding = Sum([.. summarised.SelectMany(d => d.Lines)], l => l.RatedAmount - l.Amount);
            lines.Add(new($"rated = posted + listed + rounding to cents ({currency})", audit.RatedByCurrency.GetValueOrDefault(currency), ledger.Confirmed + ledger.Listed + ledger.UnderWay + rounding));
            lines.Add(new($"confirmed in the ledger = the ERP's journal ({currency})", ledger.Confirmed, Journal(plant)));
        }
        lines.Add(Count("documents in the ERP = different keys among them", plant.Simulator.Journal.Records.Count, plant.Simulator.Journal.Records.Select(r => r.ExternalId).Distinct().Count()));
        return lines;
    }

    static List<ErpDocument> Documents(DemoPlant plant) =>
        [.. TopicReader.ReadAll(plant.Kafka.ToClientConfig(), Topics.ErpDocuments).Select(r =>
            WireFormat.TryRead(r.Message.Value, out _, out var payload) ? ErpDocument.Read(payload) : throw new InvalidDataException($"{r.TopicPartitionOffset} is not in the wire format"))];

    static ExactDecimal Journal(DemoPlant plant) => plant.Simulator.Journal.Records.Aggregate(ExactDecimal.Zero, (sum, r) => sum + ExactDecimal.Parse(r.Total));

    static ExactDecimal Sum<T>(List<T> items, Func<T, ExactDecimal> part) => items.Aggregate(ExactDecimal.Zero, (sum, item) => sum + part(item));

    static ReconciliationLine Count(string what, long left, long right) => new(what, ExactDecimal.FromInteger(left), ExactDecimal.FromInteger(right));
}
