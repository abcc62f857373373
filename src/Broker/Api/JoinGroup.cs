using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>JoinGroup 0–9. From version 4 a new dynamic member is sent back for its id first. The initial rebalance is not delayed.</summary>
internal static class JoinGroup
{
    public static readonly ApiDefinition Definition = new(ApiKey.JoinGroup, 0, 9, 6, Handle);

    private static async Task Handle(Request request)
    {
        var (response, version) = (request.Response, request.Version);
        var result = await request.Node.Groups.JoinAsync(Parse(request)).WaitAsync(request.Stopping);
        if (result.Error == ErrorCode.None) await request.Node.Journal.FlushAsync();
        if (version >= 2) response.WriteInt32(0);
        response.WriteError(result.Error);
        response.WriteInt32(result.Generation);
        if (version >= 7) response.WriteString(result.ProtocolType);
        response.WriteString(version >= 7 ? result.Protocol : result.Protocol ?? "");
        response.WriteString(result.Leader);
        if (version >= 9) response.WriteBool(result.SkipAssignment);
        response.WriteString(result.MemberId);
        response.WriteArrayLength(result.Members.Count);
        foreach (var member in result.Members)
        {
            response.WriteString(member.Id);
            if (version >= 5) response.WriteString(member.InstanceId);
            response.WriteBytes(member.MetadataOf(result.Protocol));
            response.WriteTags();
        }
        response.WriteTags();
    }

    private static JoinRequest Parse(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        var group = reader.ReadString();
        var session = reader.ReadInt32();
        var rebalance = version >= 1 ? reader.ReadInt32() : session;
        var member = reader.ReadString();
        var instance = version >= 5 ? reader.ReadNullableString() : null;
        var type = reader.ReadString();
        var protocols = new List<GroupProtocol>();
        for (var p = reader.ReadArrayLength(); p > 0; p--)
        {
            protocols.Add(new GroupProtocol(reader.ReadString(), reader.ReadBytes().ToArray()));
            reader.SkipTags();
        }
        return new JoinRequest(group, member, instance, request.ClientId, session, rebalance, type, protocols, MustKnowId: version >= 4, MaySkipAssignment: version >= 9);
    }
}
