using Microsoft.Extensions.Diagnostics.HealthChecks;
using Streams.Streaming;

namespace Streams.Aggregators;

/// <summary>Ready when the stream runs; says how far a restore is.</summary>
public sealed class AggregatorsHealthCheck(AggregatorsService service) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (service.Stream is not { } metering || (service.Summaries is null && service.IsSummarising)) return Task.FromResult(HealthCheckResult.Unhealthy("not started"));
        KafkaStream[] streams = service.Summaries is { } summaries ? [metering, summaries] : [metering];
        var restoring = streams.SelectMany(s => s.Restoring).ToDictionary(r => $"{r.Topic}-{r.Partition}", object (r) => $"{r.Percent} %");
        var waiting = streams.FirstOrDefault(s => s.State != StreamState.Running);
        return Task.FromResult(waiting is null && restoring.Count == 0
            ? HealthCheckResult.Healthy("running")
            : HealthCheckResult.Unhealthy(restoring.Count > 0 ? "restoring" : waiting!.State.ToString(), data: restoring));
    }
}
