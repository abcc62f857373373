using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DescribeGroups 0–5. A group that nobody knows is described as Dead.</summary>
internal static class DescribeGroups
{
    public static readonly ApiDefinition Definition = new(ApiKey.DescribeGroups, 0, 5, 5, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        if (request.Version >= 1) response.WriteInt32(0);
        var count = reader.ReadArrayLength();
        response.WriteArrayLength(count);
        for (; count > 0; count--)
        {
            var id = reader.ReadString();
            request.Node.Groups.Inspect(id, (group, hasOffsets) =>
            {
                Write(response, request.Version, id, group, hasOffsets);
                return true;
            });
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void Write(ProtocolWriter response, short version, string id, Group? group, bool hasOffsets)
    {
        response.WriteError(ErrorCode.None);
        response.WriteString(id);
        response.WriteString(group?.State.ToString() ?? (hasOffsets ? "Empty" : "Dead"));
        response.WriteString(group?.ProtocolType ?? (hasOffsets ? "consumer" : ""));
        response.WriteString(group?.Protocol ?? "");
        response.WriteArrayLength(group?.Members.Count ?? 0);
        foreach (var member in group?.Members.Values.ToList() ?? [])
        {
            response.WriteString(member.Id);
            if (version >= 4) response.WriteString(member.InstanceId);
            response.WriteString(member.ClientId);
            response.WriteString("/127.0.0.1");
            response.WriteBytes(member.Protocols.FirstOrDefault(p => p.Name == group!.Protocol)?.Metadata);
            response.WriteBytes(member.Assignment);
            response.WriteTags();
        }
        if (version >= 3) response.WriteInt32(int.MinValue);
        response.WriteTags();
    }
}
