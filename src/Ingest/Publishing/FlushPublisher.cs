using Streams.Ingest.Events;
using Streams.Schemas;

namespace Streams.Ingest.Publishing;

/// <summary>Moves every partition's stream time, so that windows and billing periods up to a moment close though no usage follows.</summary>
public sealed class FlushPublisher(AcknowledgedProducer producer, UsageEventPublisher publisher, string topic = Topics.UsageEvents)
{
    /// <summary>Source of control events.</summary>
    public const string Source = "streams/close";

    /// <summary>The earliest time of an event: it moves no stream time.</summary>
    static readonly DateTimeOffset Beginning = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly TimeSpan MetadataTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Writes one control event (meter <see cref="UsageEventRules.FlushMeter"/>) that occurred at <paramref name="through"/> into each partition and
    /// returns their number. Usage that arrives afterwards with an earlier time and behind its window's grace is late: close a period only when its usage is in.
    /// Repeating it is harmless.
    /// </summary>
    /// <exception cref="PublishingException">The topic does not exist, or a partition did not acknowledge; those that did are closed.</exception>
    public async Task<int> CloseAsync(Timestamp through, CancellationToken cancel = default)
    {
        var partitions = await Task.Run(() => producer.CountPartitions(topic, MetadataTimeout), cancel);
        if (partitions == 0) throw new PublishingException($"Topic {topic} does not exist");
        var deliveries = await Task.WhenAll(Enumerable.Range(0, partitions).Select(p => publisher.PublishAsync(Flush(through, p), p))).WaitAsync(cancel);
        for (var p = 0; p < partitions; p++)
        {
            if (deliveries[p].Outcome != DeliveryOutcome.Acknowledged) throw new PublishingException($"{topic}-{p} was not closed: {deliveries[p].Reason}");
        }
        return partitions;
    }

    /// <summary>
    /// Orders something of a customer's billing by a control event in the customer's partition, which no entrance takes from outside. The same id again changes nothing more than
    /// the order itself would.
    /// </summary>
    /// <exception cref="PublishingException">It was not acknowledged.</exception>
    public async Task OrderAsync(string id, string customer, IReadOnlyDictionary<string, string> dimensions, CancellationToken cancel = default)
    {
        var order = new UsageEvent
        {
            Id = id, Source = Source, CustomerId = customer, Meter = UsageEventRules.FlushMeter, OccurredAt = Timestamp.From(Beginning), Quantity = ExactDecimal.Zero,
            Dimensions = dimensions.ToDictionary(StringComparer.Ordinal),
        };
        var delivery = await publisher.PublishAsync(order).WaitAsync(cancel);
        if (delivery.Outcome != DeliveryOutcome.Acknowledged) throw new PublishingException($"{topic}: the order was not acknowledged: {delivery.Reason}");
    }

    static UsageEvent Flush(Timestamp through, int partition) => new()
    {
        Id = $"close-{through.Micros}-{partition}",
        Source = Source,
        CustomerId = UsageEventRules.FlushMeter,
        Meter = UsageEventRules.FlushMeter,
        OccurredAt = through,
        Quantity = ExactDecimal.Zero,
    };
}

/// <summary>Something could not be published; the message says what and why. Repeating is safe.</summary>
public sealed class PublishingException(string message) : Exception(message);
