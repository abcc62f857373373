using Confluent.Kafka;

namespace Streams.Broker.Clients.Tests.Confluent;

/// <summary>Confluent.Kafka over librdkafka, in this process.</summary>
sealed class ConfluentClient : MethodClient
{
    public override string Name { get; } = $"Confluent.Kafka ({Library.VersionString})";

    protected override int AtOnce => 4;

    protected override IReadOnlyDictionary<string, Func<Task>> Methods(Target target)
    {
        var producing = new Producing(target);
        var consuming = new Consuming(target);
        var members = new Members(target);
        var transactions = new Transactions(target);
        var topics = new TopicAdmin(target);
        var groups = new GroupAdmin(target);
        return new Dictionary<string, Func<Task>>
        {
            [Feature.Produce] = producing.Plain,
            [Feature.Gzip] = () => producing.Compressed(Feature.Gzip, CompressionType.Gzip),
            [Feature.Snappy] = () => producing.Compressed(Feature.Snappy, CompressionType.Snappy),
            [Feature.Lz4] = () => producing.Compressed(Feature.Lz4, CompressionType.Lz4),
            [Feature.Zstd] = () => producing.Compressed(Feature.Zstd, CompressionType.Zstd),
            [Feature.Parts] = producing.Parts,
            [Feature.Acks] = producing.Acknowledged,
            [Feature.Idempotence] = producing.Idempotent,
            [Feature.Large] = producing.Large,
            [Feature.Positions] = consuming.Positions,
            [Feature.Commits] = consuming.Commits,
            [Feature.Reset] = consuming.Reset,
            [Feature.Rebalance] = members.Rebalance,
            [Feature.StaticMembers] = members.Static,
            [Feature.Cooperative] = members.Cooperative,
            [Feature.ConsumerProtocol] = members.ConsumerProtocol,
            [Feature.Transactions] = transactions.CommitAndAbort,
            [Feature.Isolation] = transactions.Isolation,
            [Feature.Fencing] = transactions.Fencing,
            [Feature.SendOffsets] = transactions.SendOffsets,
            [Feature.Topics] = topics.Topics,
            [Feature.Partitions] = topics.Partitions,
            [Feature.Configs] = topics.Configs,
            [Feature.DeleteRecords] = topics.DeleteRecords,
            [Feature.ListOffsets] = topics.ListOffsets,
            [Feature.Groups] = groups.Groups,
        };
    }
}
