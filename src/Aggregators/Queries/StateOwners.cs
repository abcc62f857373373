using System.Text;
using Streams.Aggregators.Entitlements;
using Streams.Streaming;

namespace Streams.Aggregators.Queries;

/// <summary>Where customers' state is.</summary>
public interface IStateOwners
{
    /// <summary>The partition of a customer; null as long as that is not known.</summary>
    int? PartitionOf(string customer);

    /// <summary>"host:port" of the instance that has a customer's partition; null: nobody has it, or its owner does not say.</summary>
    ValueTask<string?> HostOfAsync(string customer, CancellationToken cancel);
}

/// <summary>As the stream's group has it; who has which partition is remembered for some seconds.</summary>
/// <param name="stream">The stream once there is one.</param>
sealed class StreamOwners(Func<KafkaStream?> stream) : IStateOwners
{
    public int? PartitionOf(string customer) => stream()?.PartitionForKey(EntitlementStore.Store, Encoding.UTF8.GetBytes(customer));

    public async ValueTask<string?> HostOfAsync(string customer, CancellationToken cancel) =>
        stream() is { } running ? (await running.QueryMetadataForKeyAsync(EntitlementStore.Store, Encoding.UTF8.GetBytes(customer), cancel).ConfigureAwait(false)).ActiveHost : null;
}
