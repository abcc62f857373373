using Microsoft.Extensions.Diagnostics.HealthChecks;
using Streams.Streaming;

namespace Streams.Aggregators;

/// <summary>Ready when the stream runs; says how far a restore is.</summary>
public sealed class AggregatorsHealthCheck(AggregatorsService service) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (service.Stream is not { } stream) return Task.FromResult(HealthCheckResult.Unhealthy("not started"));
        var restoring = stream.Restoring.ToDictionary(r => $"{r.Topic}-{r.Partition}", object (r) => $"{r.Percent} %");
        return Task.FromResult(stream.State == StreamState.Running && restoring.Count == 0
            ? HealthCheckResult.Healthy("running")
            : HealthCheckResult.Unhealthy(restoring.Count > 0 ? "restoring" : stream.State.ToString(), data: restoring));
    }
}
