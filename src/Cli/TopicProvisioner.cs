using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Streams.Schemas;

namespace Streams.Cli;

/// <summary>Creates the topics that the rooms talk through, with the settings they rely on. Topics that exist are left as they are.</summary>
static class TopicProvisioner
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Event time is data: the broker must neither expire records by it nor refuse it.</summary>
    static readonly Dictionary<string, string> KeepAll = new()
    {
        ["retention.ms"] = "-1",
        ["message.timestamp.after.max.ms"] = long.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    static readonly Dictionary<string, string> Compacted = new() { ["cleanup.policy"] = "compact", ["retention.ms"] = "-1" };

    /// <summary>Every topic of the product; usage topics share <paramref name="partitions"/>.</summary>
    public static IReadOnlyList<TopicSpecification> Catalogue(int partitions) =>
    [
        Topic(Topics.UsageEvents, partitions, KeepAll),
        Topic(Topics.UsageRated, partitions, KeepAll),
        Topic(Topics.UsageLate, partitions, KeepAll),
        Topic(Topics.UsageParked, partitions, KeepAll),
        Topic(Topics.UsageDeadLetters, partitions, KeepAll),
        Topic(Topics.UsageDispositions, partitions, KeepAll),
        Topic(Topics.Contracts, 1, Compacted),
        Topic(Topics.ContractEditions, 1, Compacted),
        Topic(Topics.BillingDocuments, partitions, KeepAll),
        Topic(Topics.BillingJournal, partitions, KeepAll),
        Topic(Topics.EntitlementAlerts, partitions, KeepAll),
        Topic(Topics.ErpEntries, partitions, KeepAll),
        Topic(Topics.ErpDocuments, partitions, KeepAll),
        Topic(Topics.ErpReceipts, partitions, KeepAll),
        Topic(Topics.ErpDeadLetters, 1, KeepAll),
        Topic(Topics.ErpAuditHeads, 1, KeepAll),
    ];

    public static async Task EnsureAsync(ClientConfig connection, int partitions)
    {
        using var admin = new AdminClientBuilder(connection).SetLogHandler((_, _) => { }).Build();
        try
        {
            await admin.CreateTopicsAsync(Catalogue(partitions), new CreateTopicsOptions { RequestTimeout = Timeout, OperationTimeout = Timeout });
        }
        catch (CreateTopicsException e) when (e.Results.All(r => r.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            // All there, some of them from before.
        }
        catch (KafkaException e)
        {
            throw new CommandException(ExitCodes.Failed, $"Topics cannot be created at {connection.BootstrapServers}: {e.Error.Reason}");
        }
    }

    static TopicSpecification Topic(string name, int partitions, Dictionary<string, string> settings) =>
        new() { Name = name, NumPartitions = partitions, ReplicationFactor = -1, Configs = settings };
}
