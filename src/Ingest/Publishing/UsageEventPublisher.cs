using System.Buffers;
using System.Text;
using Streams.Schemas;
using Streams.Schemas.Registry;

namespace Streams.Ingest.Publishing;

/// <summary>Publishes usage events; the seam between the entrances and Kafka.</summary>
public interface IUsageEventPublisher
{
    /// <summary>Completes when the broker has acknowledged the event or it is known that it has not. Does not throw for what broker or registry do.</summary>
    Task<Delivery> PublishAsync(UsageEvent usage);

    /// <summary>
    /// Makes what publishing needs, so that from then on each call hands its event to the producer before it returns: events published one after
    /// the other keep their order. Without it, or when it fails, the first ones wait for the registry and may overtake one another.
    /// </summary>
    Task PrepareAsync() => Task.CompletedTask;
}

/// <summary>
/// Writes usage events to <see cref="Topics.UsageEvents"/>: value in Confluent's wire format, key = customer in UTF-8, record time = when it occurred.
/// Used by every entrance, so that the topic looks the same whichever way an event came.
/// </summary>
public sealed class UsageEventPublisher(AcknowledgedProducer producer, ISchemaRegistry registry, string topic = Topics.UsageEvents) : IUsageEventPublisher
{
    /// <summary>How long the registry may take to name the schema's id; asked once.</summary>
    static readonly TimeSpan RegistryTimeout = TimeSpan.FromSeconds(5);

    public Task<Delivery> PublishAsync(UsageEvent usage) => PublishAsync(usage, partition: null);

    public async Task PrepareAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(RegistryTimeout);
            await registry.GetIdAsync(Topics.Subject(topic), UsageEvent.SchemaJson, timeout.Token);
        }
        catch (Exception e) when (e is SchemaRegistryException or OperationCanceledException)
        {
            // Each event's delivery says so.
        }
    }

    /// <summary>As <see cref="PublishAsync(UsageEvent)"/>, into a stated partition: control events go to each.</summary>
    internal async Task<Delivery> PublishAsync(UsageEvent usage, int? partition)
    {
        int schemaId;
        try
        {
            using var timeout = new CancellationTokenSource(RegistryTimeout);
            schemaId = await registry.GetIdAsync(Topics.Subject(topic), UsageEvent.SchemaJson, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception e) when (e is SchemaRegistryException or OperationCanceledException)
        {
            return Delivery.NotPublished($"The schema registry gave no id: {e.Message}");
        }
        var value = new ArrayBufferWriter<byte>(256);
        WireFormat.WriteHeader(value, schemaId);
        usage.Write(value);
        return await producer.SendAsync(topic, Encoding.UTF8.GetBytes(usage.CustomerId), value.WrittenSpan.ToArray(), usage.OccurredAt.Millis, partition);
    }
}
