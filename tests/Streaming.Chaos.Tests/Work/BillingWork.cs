using System.Buffers;
using System.Text;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;
using Streams.Aggregators.Tests.Billing;
using Streams.Rating.Contracts;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming.Chaos.Tests.Evidence;
using Streams.Streaming.Chaos.Tests.Processes;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>The metering topology under contracts: periods that close, thresholds, corrections.</summary>
internal sealed class BillingWork : IWork
{
    public const string Title = "billing";

    private const long Day = 86_400_000_000;

    private static readonly Timestamp Until = new(BillingEvents.End.Micros + 120 * Day);

    public string Name => Title;

    public IReadOnlyList<string> Outputs => ["rated", "billing", "documents", "journal", "alerts", "editions", "late", "dead", "parked"];

    public IReadOnlyList<string> Unordered => ["dead", "editions"];

    public (string Point, int Most)[] Traps => Trap.Billing;

    public Topology Build(Job job)
    {
        var options = Options(job.Input, job.Topic);
        return job.Bug == Bug.SliceLost ? LosingSlices.Build(options, Terms()) : MeteringTopology.Build(options, Terms());
    }

    public IEnumerable<Input> Generate(int seed) => new BillingEvents(seed).All().Select(Record);

    public IEnumerable<Input> Last(int partitions) => Enumerable.Range(0, partitions).Select(p => Record(new UsageEvent
    {
        Id = "flush", Source = "s", CustomerId = "c", Meter = "flush", OccurredAt = new(Until.Micros + Contract.DefaultGraceMicros), Quantity = ExactDecimal.Zero,
    }) with { Partition = p });

    /// <summary>
    /// All outputs are those of the same input processed in peace, byte for byte with the documents' headers; the documents of who is late for no period are
    /// the calculator's, and those of the others come to the same.
    /// </summary>
    public void Check(Remains remains)
    {
        var usage = new List<UsageEvent>();
        using var peace = new TopologyTestDriver(MeteringTopology.Build(Options(remains.InputName, suffix => suffix), Terms()), remains.Partitions);
        for (var partition = 0; partition < remains.Partitions; partition++)
        {
            foreach (var record in remains.Input(partition))
            {
                peace.PipeInput(remains.InputName, partition, record.Key, record.Value, record.Timestamp);
                usage.Add(UsageEvent.Read(record.Value.AsSpan(5)));
            }
        }
        peace.Commit();
        foreach (var topic in Outputs)
        {
            var expected = peace.ReadOutput(topic).ToLookup(o => o.Partition, o => Text(new(0, o.Key, o.Value, o.Timestamp, o.Headers)));
            if (Unordered.Contains(topic)) remains.SameSet(topic, expected.SelectMany(e => e), Text);
            for (var partition = 0; partition < remains.Partitions && !Unordered.Contains(topic); partition++) remains.Same(topic, partition, [.. expected[partition]], Text);
        }
        CheckCalculation(remains, usage);
    }

    private static void CheckCalculation(Remains remains, List<UsageEvent> usage)
    {
        var documents = Enumerable.Range(0, remains.Partitions).SelectMany(p => remains.Output("billing", p)).ToLookup(r => Encoding.UTF8.GetString(r.Key!), r => Encoding.UTF8.GetString(r.Value!));
        var final = Final(usage).ToLookup(u => u.CustomerId);
        foreach (var customer in BillingBook.Customers)
        {
            var own = ContractFileOf(customer);
            var expected = Calculation.Documents(own, final[customer], Until);
            if (customer.StartsWith("late", StringComparison.Ordinal)) remains.Same($"sum of {customer}", [Calculation.Billable(expected)], [Calculation.Billable(documents[customer])]);
            else remains.Same($"documents of {customer}", [.. expected.Order(StringComparer.Ordinal)], [.. documents[customer].Order(StringComparer.Ordinal)]);
        }
    }

    /// <summary>A book with one customer's contract alone.</summary>
    private static ContractBook ContractFileOf(string customer)
    {
        var book = BillingBook.Book;
        var own = book.Meters.Values.Aggregate(ContractBook.Empty, (b, m) => b.With(m));
        own = book.PriceBooks.Values.Aggregate(own, (b, p) => b.With(p)).With(book.Customers[customer]);
        return own.With(book.Contracts.Values.Single(c => c.Customer == customer));
    }

    /// <summary>Each event once; what was corrected as it was corrected.</summary>
    private static IEnumerable<UsageEvent> Final(List<UsageEvent> usage)
    {
        var known = new Dictionary<string, UsageEvent>(StringComparer.Ordinal);
        foreach (var one in usage.Where(u => u.Meter != "flush")) known.TryAdd(one.Id, one);
        foreach (var correction in known.Values.Where(u => u.Dimensions.ContainsKey(UsageCorrection.Action)).ToList())
        {
            known.Remove(correction.Dimensions[UsageCorrection.Of]);
            known.Remove(correction.Id);
            if (correction.Dimensions[UsageCorrection.Action] == "cancel") continue;
            known.Add(correction.Id, correction with { Dimensions = correction.Dimensions.Where(d => !d.Key.StartsWith("correction", StringComparison.Ordinal)).ToDictionary() });
        }
        return known.Values.OrderBy(u => u.OccurredAt).ThenBy(u => u.Id, StringComparer.Ordinal);
    }

    private static MeteringOptions Options(string input, Func<string, string> topic) => new()
    {
        InputTopic = input, RatedTopic = topic("rated"), BillingTopic = topic("billing"), DocumentsTopic = topic("documents"), JournalTopic = topic("journal"), AlertsTopic = topic("alerts"), EditionsTopic = topic("editions"), LateTopic = topic("late"),
        DeadLetterTopic = topic("dead"), ParkedTopic = topic("parked"), DispositionsTopic = null, DuplicateHorizon = 45 * Day,
    };

    private static BookTerms Terms() => new(new ContractBookSource(BillingBook.Book));

    private static string Text(TopicRecord record) => $"{record.Text} {record.Header("streams.sha256")} {record.Header("streams.lineage")}";

    private static Input Record(UsageEvent usage)
    {
        var buffer = new ArrayBufferWriter<byte>();
        WireFormat.WriteHeader(buffer, 1);
        usage.Write(buffer);
        return new Input(Encoding.UTF8.GetBytes(usage.CustomerId), buffer.WrittenSpan.ToArray(), usage.OccurredAt.Micros / 1000);
    }
}
