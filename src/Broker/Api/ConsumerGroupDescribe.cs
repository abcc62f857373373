using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>ConsumerGroupDescribe 0–1: groups of the consumer protocol; any other is GROUP_ID_NOT_FOUND.</summary>
internal static class ConsumerGroupDescribe
{
    public static readonly ApiDefinition Definition = new(ApiKey.ConsumerGroupDescribe, 0, 1, 0, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        var ids = reader.ReadNullableStringArray() ?? [];
        var operations = reader.ReadBool() ? DescribeGroups.AllOperations : int.MinValue;
        response.WriteInt32(0);
        response.WriteArrayLength(ids.Length);
        foreach (var id in ids)
        {
            request.Node.Groups.Inspect(id, (classic, group, hasOffsets) =>
            {
                if (group is null) WriteMissing(response, id, classic is null && !hasOffsets);
                else Write(response, request.Version, group, operations);
                return true;
            });
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WriteMissing(ProtocolWriter response, string id, bool unknown)
    {
        response.WriteError(ErrorCode.GroupIdNotFound);
        response.WriteString(unknown ? $"Group {id} not found." : $"Group {id} is not a consumer group.");
        response.WriteString(id);
        response.WriteString("");
        response.WriteInt32(0);
        response.WriteInt32(0);
        response.WriteString("");
        response.WriteArrayLength(0);
        response.WriteInt32(int.MinValue);
        response.WriteTags();
    }

    private static void Write(ProtocolWriter response, short version, ConsumerGroup group, int operations)
    {
        response.WriteError(ErrorCode.None);
        response.WriteString(null);
        response.WriteString(group.Id);
        response.WriteString(group.State);
        response.WriteInt32(group.Epoch);
        response.WriteInt32(group.TargetEpoch);
        response.WriteString(group.Assignor);
        response.WriteArrayLength(group.Members.Count);
        foreach (var member in group.Members.Values) WriteMember(response, version, group, member);
        response.WriteInt32(operations);
        response.WriteTags();
    }

    private static void WriteMember(ProtocolWriter response, short version, ConsumerGroup group, ConsumerMember member)
    {
        response.WriteString(member.Id);
        response.WriteString(member.InstanceId);
        response.WriteString(member.RackId);
        response.WriteInt32(member.Epoch);
        response.WriteString(member.ClientId);
        response.WriteString("/127.0.0.1");
        response.WriteArrayLength(member.Topics.Count);
        foreach (var topic in member.Topics) response.WriteString(topic);
        response.WriteString(member.Regex);
        WriteAssignment(response, group, member.Assigned);
        WriteAssignment(response, group, group.TargetOf(member.Id));
        if (version >= 1) response.WriteInt8(1);
        response.WriteTags();
    }

    private static void WriteAssignment(ProtocolWriter response, ConsumerGroup group, IReadOnlySet<PartitionId> partitions)
    {
        var topics = ConsumerMember.ByTopic(partitions).Select(t => (Id: t.Key, Name: group.TopicName(t.Key), Partitions: t.Value)).Where(t => t.Name is not null).ToList();
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            response.WriteUuid(topic.Id);
            response.WriteString(topic.Name);
            response.WriteInt32Array(topic.Partitions);
            response.WriteTags();
        }
        response.WriteTags();
    }
}
