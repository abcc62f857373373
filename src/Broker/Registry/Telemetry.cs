using System.Diagnostics.Metrics;

namespace Streams.Broker.Registry;

/// <summary>What the registry measures.</summary>
static class Telemetry
{
    static readonly Meter Meter = new("Streams.Registry");

    /// <summary>Requests answered, by HTTP status.</summary>
    public static readonly Counter<long> Requests = Meter.CreateCounter<long>("streams.registry.requests", "{request}", "Requests answered, by HTTP status");
}
