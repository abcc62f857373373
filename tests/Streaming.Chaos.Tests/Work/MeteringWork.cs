using System.Buffers;
using System.Globalization;
using System.Text;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming.Chaos.Tests.Evidence;
using Streams.Streaming.Chaos.Tests.Processes;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>The metering topology on data like the benchmark's: jitter, duplicates, late events, the turn of a month.</summary>
internal sealed class MeteringWork : IWork
{
    public const string Title = "metering";

    public const string Plan = """
        {"currency": "USD", "meters": {
          "m": [{"upTo": "1000", "unitPrice": "1"}, {"upTo": null, "unitPrice": "0.5"}],
          "n": [{"upTo": null, "unitPrice": "0.333333333"}]}}
        """;

    private const long Second = 1_000_000, Minute = 60 * Second;
    private const int Customers = 40;
    private static readonly long Turn = BillingPeriod.End(BillingPeriod.Of(Timestamp.From(new(2026, 1, 15, 12, 0, 0, TimeSpan.Zero)).Micros));

    public string Name => Title;

    public IReadOnlyList<string> Outputs => ["rated", "documents", "late", "dead", "parked"];

    public Topology Build(Job job) => MeteringTopology.Build(
        new MeteringOptions
        {
            InputTopic = job.Input, RatedTopic = job.Topic("rated"), DocumentsTopic = job.Topic("documents"), LateTopic = job.Topic("late"),
            DeadLetterTopic = job.Topic("dead"), ParkedTopic = job.Topic("parked"), DispositionsTopic = null,
        },
        FixedTerms.Parse(Encoding.UTF8.GetBytes(Plan)));

    public IEnumerable<Input> Generate(int seed)
    {
        var random = new Random(seed);
        var recent = new List<UsageEvent>();
        for (var (i, now) = (0L, Turn - 20 * Minute); ; i++)
        {
            now += 40_000;
            var at = now - random.Next(20_000) * 1000L - (random.Next(200) == 0 ? 3 * Minute : 0);
            if (recent.Count > 100 && random.Next(100) == 0)
            {
                var again = recent[^random.Next(1, 100)];
                yield return Record(again with { OccurredAt = new(again.OccurredAt.Micros + random.Next(120) * Second) });
                continue;
            }
            var quantity = (random.Next(100) / 8m).ToString(CultureInfo.InvariantCulture);
            recent.Add(Event($"{i}", at, quantity, $"cust-{random.Next(Customers)}", random.Next(2) == 0 ? "m" : "n"));
            if (recent.Count > 200) recent.RemoveRange(0, 100);
            yield return Record(recent[^1]);
        }
    }

    public IEnumerable<Input> Last(int partitions) =>
        Enumerable.Range(0, partitions).Select(p => Record(Event("flush", Turn + 40 * 24 * 60 * Minute, "0", "c", "flush")) with { Partition = p });

    public void Check(Remains remains)
    {
        for (var partition = 0; partition < remains.Partitions; partition++)
        {
            var model = new MeteringModel();
            foreach (var record in remains.Input(partition)) model.Take(record.Offset, UsageEvent.Read(record.Value.AsSpan(5)));
            remains.Same("rated", partition, model.Rated, Text);
            remains.Same("documents", partition, model.Documents(), r => Text(ErpDocument.Read(r.Value.AsSpan(5))));
            remains.Same("late", partition, model.Late, r => r.Header("__streams.errors.offset"));
            remains.Same("dead", partition, []);
            remains.Same("parked", partition, []);
        }
    }

    private static string Text(TopicRecord record)
    {
        var r = RatedUsage.Read(record.Value.AsSpan(5));
        return $"{r.CustomerId} {r.Meter} {r.WindowStart.Micros} {r.Events} {r.Quantity.Unscaled} {r.PeriodQuantity.Unscaled} {r.Amount.Unscaled} {r.FirstOffset} {r.LastOffset} {record.Timestamp}";
    }

    private static string Text(ErpDocument d) => $"{d.CustomerId} {d.Period} {d.RatedTotal.Unscaled} {d.Lines.Sum(l => l.Events)}";

    private static UsageEvent Event(string id, long at, string quantity, string customer, string meter) => new()
    {
        Id = id, Source = "s", CustomerId = customer, Meter = meter, OccurredAt = new(at), Quantity = ExactDecimal.Parse(quantity),
    };

    private static Input Record(UsageEvent usage)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(buffer, 1);
        usage.Write(buffer);
        return new Input(Encoding.UTF8.GetBytes(usage.CustomerId), buffer.WrittenSpan.ToArray(), usage.OccurredAt.Micros / 1000);
    }
}
