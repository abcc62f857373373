using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>ConsumerGroupHeartbeat 0–1 (KIP-848). Epochs and assignments that are answered are on disk. A live group of the classic protocol is not taken over.</summary>
internal static class ConsumerGroupHeartbeat
{
    public static readonly ApiDefinition Definition = new(ApiKey.ConsumerGroupHeartbeat, 0, 1, 0, Handle);

    private static async Task Handle(Request request)
    {
        var heartbeat = Parse(request);
        var groups = request.Node.Groups;
        var refused = Validate(heartbeat, request.Version);
        if (refused is null && heartbeat.MemberId.Length == 0) heartbeat = heartbeat with { MemberId = Guid.NewGuid().ToString() };
        var result = refused ?? groups.Heartbeat(heartbeat);
        if (result.Error == ErrorCode.None && (result.Epoch != heartbeat.Epoch || result.Assignment is not null || heartbeat.Epoch < 0)) await request.Node.Journal.FlushAsync();
        Write(request.Response, result, result.Error == ErrorCode.None && heartbeat.Epoch >= 0 ? request.Node.Options.Groups.ConsumerHeartbeatIntervalMs : 0);
    }

    private static ConsumerHeartbeat Parse(Request request)
    {
        var reader = request.Read();
        var (group, member, epoch, instance, rack) = (reader.ReadString(), reader.ReadString(), reader.ReadInt32(), reader.ReadNullableString(), reader.ReadNullableString());
        var rebalance = reader.ReadInt32();
        var topics = reader.ReadNullableStringArray();
        var regex = request.Version >= 1 ? reader.ReadNullableString() : null;
        var assignor = reader.ReadNullableString();
        var count = reader.ReadArrayLength(17);
        var owned = count < 0 ? null : new HashSet<PartitionId>();
        for (; count > 0; count--)
        {
            var topic = reader.ReadUuid();
            owned!.UnionWith(reader.ReadInt32Array().Select(p => new PartitionId(topic, p)));
            reader.SkipTags();
        }
        return new ConsumerHeartbeat(group, member, epoch, instance, rack, request.ClientId, rebalance, topics, regex, assignor, owned);
    }

    /// <summary>Why the heartbeat makes no sense, or null.</summary>
    private static HeartbeatResult? Validate(ConsumerHeartbeat h, short version)
    {
        if (h.MemberId.Length == 0 && (version >= 1 || h.Epoch is > 0 or -1)) return Invalid("MemberId can't be empty.");
        if (h.Group.Length == 0) return Invalid("GroupId can't be empty.");
        if (h.InstanceId?.Length == 0) return Invalid("InstanceId can't be empty.");
        if (h.RackId?.Length == 0) return Invalid("RackId can't be empty.");
        if (h.Epoch == 0)
        {
            if (h.RebalanceTimeoutMs == -1) return Invalid("RebalanceTimeoutMs must be provided in first request.");
            if (h.Owned is not { Count: 0 }) return Invalid("TopicPartitions must be empty when (re-)joining.");
            if (h.Topics is not { Length: > 0 } && string.IsNullOrEmpty(h.Regex))
                return Invalid("Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.");
        }
        if (h.Epoch == ConsumerMember.AwayEpoch && h.InstanceId is null) return Invalid("InstanceId can't be null.");
        if (h.Epoch < ConsumerMember.AwayEpoch) return Invalid($"MemberEpoch is {h.Epoch}, but must be greater than or equal to -2.");
        if (h.Assignor is not null && !Assignors.Exists(h.Assignor))
            return HeartbeatResult.Refused(ErrorCode.UnsupportedAssignor, $"ServerAssignor {h.Assignor} is not supported. Supported assignors: uniform, range.");
        return null;
    }

    private static HeartbeatResult Invalid(string message) => HeartbeatResult.Refused(ErrorCode.InvalidRequest, message);

    private static void Write(ProtocolWriter response, HeartbeatResult result, int intervalMs)
    {
        response.WriteInt32(0);
        response.WriteError(result.Error);
        response.WriteString(result.Message);
        response.WriteString(result.MemberId);
        response.WriteInt32(result.Epoch);
        response.WriteInt32(intervalMs);
        response.WriteInt8((sbyte)(result.Assignment is null ? -1 : 1));
        if (result.Assignment is not null)
        {
            var topics = ConsumerMember.ByTopic(result.Assignment);
            response.WriteArrayLength(topics.Count);
            foreach (var (topic, partitions) in topics)
            {
                response.WriteUuid(topic);
                response.WriteInt32Array(partitions);
                response.WriteTags();
            }
            response.WriteTags();
        }
        response.WriteTags();
    }
}
