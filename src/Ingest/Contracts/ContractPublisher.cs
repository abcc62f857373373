using System.Buffers;
using Streams.Ingest.Publishing;
using Streams.Schemas;
using Streams.Rating.Contracts;
using Streams.Schemas.Registry;

namespace Streams.Ingest.Contracts;

/// <summary>Publishes definitions; the seam between the API and Kafka.</summary>
public interface IContractPublisher
{
    /// <summary>Writes the entries in their order and completes when each is acknowledged.</summary>
    /// <exception cref="PublishingException">One was not acknowledged; others may stand. Repeating is safe: an entry replaces itself.</exception>
    Task PublishAsync(IReadOnlyList<ContractEntry> entries);
}

/// <summary>Writes definitions to the compacted topic <see cref="Topics.Contracts"/>, key "kind/id".</summary>
public sealed class ContractPublisher(AcknowledgedProducer producer, ISchemaRegistry registry, string topic = Topics.Contracts) : IContractPublisher
{
    static readonly TimeSpan RegistryTimeout = TimeSpan.FromSeconds(5);

    public async Task PublishAsync(IReadOnlyList<ContractEntry> entries)
    {
        var schemaId = await SchemaIdAsync();
        // In one partition the order of sends is the order of the log; waiting for each would take a round trip an entry.
        var deliveries = await Task.WhenAll(entries.Select(entry => SendAsync(entry, schemaId)));
        for (var i = 0; i < entries.Count; i++)
        {
            if (deliveries[i].Outcome != DeliveryOutcome.Acknowledged) throw new PublishingException($"{entries[i].Kind}/{entries[i].Id} was not acknowledged: {deliveries[i].Reason}");
        }
    }

    Task<Delivery> SendAsync(ContractEntry entry, int schemaId)
    {
        var value = new ArrayBufferWriter<byte>(512);
        WireFormat.WriteHeader(value, schemaId);
        entry.Write(value);
        return producer.SendAsync(topic, ContractBookSource.Key(entry.Kind, entry.Id), value.WrittenSpan.ToArray(), entry.ChangedAt.Millis);
    }

    async Task<int> SchemaIdAsync()
    {
        try
        {
            using var timeout = new CancellationTokenSource(RegistryTimeout);
            return await registry.GetIdAsync(Topics.Subject(topic), ContractEntry.SchemaJson, timeout.Token).WaitAsync(timeout.Token);
        }
        catch (Exception e) when (e is SchemaRegistryException or OperationCanceledException)
        {
            throw new PublishingException($"The schema registry gave no id: {e.Message}");
        }
    }
}
