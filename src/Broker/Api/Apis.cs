using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>Every request type that is served, and so all that is advertised.</summary>
internal static class Apis
{
    public static readonly IReadOnlyList<ApiDefinition> All =
    [
        Produce.Definition, Fetch.Definition, ListOffsets.Definition, Metadata.Definition,
        OffsetCommit.Definition, OffsetFetch.Definition, FindCoordinator.Definition,
        JoinGroup.Definition, Heartbeat.Definition, LeaveGroup.Definition, SyncGroup.Definition,
        DescribeGroups.Definition, ListGroups.Definition, SaslHandshake.Definition, ApiVersions.Definition,
        CreateTopics.Definition, DeleteTopics.Definition, DeleteRecords.Definition, InitProducerId.Definition, OffsetForLeaderEpoch.Definition,
        AddPartitionsToTxn.Definition, AddOffsetsToTxn.Definition, EndTxn.Definition, WriteTxnMarkers.Definition, TxnOffsetCommit.Definition,
        DescribeProducers.Definition, DescribeTransactions.Definition, ListTransactions.Definition,
        OffsetDelete.Definition, ConsumerGroupHeartbeat.Definition, ConsumerGroupDescribe.Definition,
        DescribeConfigs.Definition, AlterConfigs.Definition, DescribeLogDirs.Definition, SaslAuthenticate.Definition, CreatePartitions.Definition, DeleteGroups.Definition, IncrementalAlterConfigs.Definition, DescribeCluster.Definition,
    ];

    private static readonly Dictionary<short, ApiDefinition> ByKey = All.ToDictionary(a => (short)a.Key);

    public static ApiDefinition? Find(short key) => ByKey.GetValueOrDefault(key);
}
