using Confluent.Kafka;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Streams.Ingest.Contracts;
using Streams.Ingest.Publishing;
using Streams.Schemas;

namespace Streams.Ingest.Http;

/// <summary>Ready once the contracts are read.</summary>
sealed class ContractsHealthCheck(ContractFollower follower) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(follower.IsReady ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The contracts are not read yet"));
}

/// <summary>Ready while Kafka answers and the usage topic exists.</summary>
sealed class ProducerHealthCheck(AcknowledgedProducer producer) : IHealthCheck
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var partitions = await Task.Run(() => producer.CountPartitions(Topics.UsageEvents, Timeout), cancellationToken);
            return partitions > 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"Topic {Topics.UsageEvents} does not exist");
        }
        catch (KafkaException e)
        {
            return HealthCheckResult.Unhealthy($"Kafka does not answer: {e.Error.Reason}");
        }
    }
}
