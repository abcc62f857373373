namespace Streams.Broker.Clients.Tests.Tools;

/// <summary>Kafka's own command line tools, and what is built on its clients: its transactional copier and a Kafka Streams application.</summary>
sealed class KafkaTools : MethodClient
{
    public override string Name => "Apache Kafka's tools 4.3.0";

    public override string? Missing => JavaPrograms.Missing;

    protected override int AtOnce => 2;

    protected override IReadOnlyDictionary<string, Func<Task>> Methods(Target target)
    {
        var admin = new AdminTools(target);
        var data = new DataTools(target);
        var applications = new Applications(target);
        return new Dictionary<string, Func<Task>>
        {
            ["Kafka Streams with exactly_once_v2"] = applications.Streams,
            ["TransactionalMessageCopier"] = applications.Copier,
            ["streams-application-reset"] = applications.Reset,
            ["broker-api-versions"] = admin.ApiVersions,
            ["topics"] = admin.Topics,
            ["configs"] = admin.Configs,
            ["consumer-groups"] = admin.ConsumerGroups,
            ["get-offsets"] = admin.GetOffsets,
            ["delete-records"] = admin.DeleteRecords,
            ["transactions"] = admin.Transactions,
            ["console-producer, console-consumer"] = data.Console,
            ["producer-perf-test, consumer-perf-test"] = data.Performance,
            ["verifiable-producer, verifiable-consumer"] = () => data.Verifiable("classic"),
            ["verifiable-consumer with group.protocol=consumer"] = () => data.Verifiable("consumer"),
            ["dump-log"] = data.DumpLog,
        };
    }
}
