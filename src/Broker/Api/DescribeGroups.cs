using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// DescribeGroups 0–6, for groups of the classic protocol. One that nobody knows is Dead, from version 6 on with GROUP_ID_NOT_FOUND; so is one of the
/// consumer protocol, which ConsumerGroupDescribe describes.
/// </summary>
internal static class DescribeGroups
{
    /// <summary>READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS and ALTER_CONFIGS, as bits: all that can be done to a group, since nobody is refused anything.</summary>
    public const int AllOperations = (1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11);

    public static readonly ApiDefinition Definition = new(ApiKey.DescribeGroups, 0, 6, 5, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, version) = (request.Response, request.Version);
        var ids = new string[Math.Max(0, reader.ReadArrayLength())];
        for (var i = 0; i < ids.Length; i++) ids[i] = reader.ReadString();
        var operations = version >= 3 && reader.ReadBool() ? AllOperations : int.MinValue;
        if (version >= 1) response.WriteInt32(0);
        response.WriteArrayLength(ids.Length);
        foreach (var id in ids)
        {
            request.Node.Groups.Inspect(id, (group, consumers, hasOffsets) =>
            {
                var known = group is not null || (consumers is null && hasOffsets);
                WriteHead(response, version, id, group, known, consumers is not null);
                WriteMembers(response, version, group);
                if (version >= 3) response.WriteInt32(known || version < 6 ? operations : int.MinValue);
                response.WriteTags();
                return known;
            });
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WriteHead(ProtocolWriter response, short version, string id, ClassicGroup? group, bool known, bool other)
    {
        response.WriteError(known || version < 6 ? ErrorCode.None : ErrorCode.GroupIdNotFound);
        if (version >= 6) response.WriteString(known ? null : other ? $"Group {id} is not a classic group." : $"Group {id} not found.");
        response.WriteString(id);
        response.WriteString(group?.State.ToString() ?? (known ? "Empty" : "Dead"));
        response.WriteString(group?.ProtocolType ?? "");
        response.WriteString(group is { State: GroupState.Stable } ? group.Protocol ?? "" : "");
    }

    private static void WriteMembers(ProtocolWriter response, short version, ClassicGroup? group)
    {
        response.WriteArrayLength(group?.Members.Count ?? 0);
        foreach (var member in group?.Members.Values.ToList() ?? [])
        {
            response.WriteString(member.Id);
            if (version >= 4) response.WriteString(member.InstanceId);
            response.WriteString(member.ClientId);
            response.WriteString("/127.0.0.1");
            response.WriteBytes(group!.State == GroupState.Stable ? member.MetadataOf(group.Protocol) : []);
            response.WriteBytes(member.Assignment);
            response.WriteTags();
        }
    }
}
