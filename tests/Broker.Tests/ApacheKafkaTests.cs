using Streams.Broker.Tests.Registry;

namespace Streams.Broker.Tests;

/// <summary>Apache Kafka keeps the same contract: where the two differ, the embedded broker is wrong.</summary>
[Collection(nameof(RealKafka))]
public sealed class ApacheKafkaTests(RealKafka kafka) : ContractSuite
{
    protected override string BootstrapServers
    {
        get
        {
            Skip.If(kafka.BootstrapServers is null, "../shared/kafka or Java is missing");
            return kafka.BootstrapServers!;
        }
    }
}
