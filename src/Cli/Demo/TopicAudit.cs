using Confluent.Kafka;
using Streams.Schemas;
using Streams.Schemas.Avro;
using Streams.Schemas.Registry;

namespace Streams.Cli.Demo;

/// <summary>What the topics say, read from their start: the records of usage.events, their dispositions, and the charges.</summary>
sealed record TopicAudit(long InputRecords, DispositionCounts Dispositions, long Windows, IReadOnlyList<MeterCharge> Charges, IReadOnlyDictionary<string, ExactDecimal> RatedByCurrency)
{
    public static TopicAudit Read(ClientConfig connection)
    {
        var input = TopicReader.ReadAll(connection, Topics.UsageEvents).LongCount();
        var dispositions = TopicReader.ReadAll(connection, Topics.UsageDispositions)
            .Aggregate(new DispositionCounts(0, 0, 0, 0, 0, 0, 0, 0), (sum, r) => sum + Decode(r));
        var charges = Charge(TopicReader.ReadAll(connection, Topics.UsageRated).Select(r => RatedUsage.Read(Payload(r))));
        var rated = charges.GroupBy(c => c.Currency).ToDictionary(g => g.Key, g => g.Aggregate(ExactDecimal.Zero, (sum, c) => sum + c.Amount), StringComparer.Ordinal);
        return new(input, dispositions, charges.Sum(c => c.Windows), charges, rated);
    }

    static List<MeterCharge> Charge(IEnumerable<RatedUsage> windows)
    {
        var charges = new SortedDictionary<(string, string), MeterCharge>();
        foreach (var w in windows)
        {
            var before = charges.GetValueOrDefault((w.Meter, w.Currency), new(w.Meter, w.Currency, 0, 0, default, default));
            charges[(w.Meter, w.Currency)] = before with
            {
                Windows = before.Windows + 1, Events = before.Events + w.Events, Quantity = before.Quantity + w.Quantity, Amount = before.Amount + w.Amount,
            };
        }
        return [.. charges.Values];
    }

    static Dispositions Decode(ConsumeResult<byte[], byte[]> record) => Schemas.Dispositions.Read(Payload(record));

    static ReadOnlySpan<byte> Payload(ConsumeResult<byte[], byte[]> record) =>
        WireFormat.TryRead(record.Message.Value, out _, out var payload) ? payload : throw new AvroException($"{record.TopicPartitionOffset} is not in the wire format");
}
