using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>LeaveGroup 0–5; from version 3 several members at once, from 5 with a reason, which is not kept.</summary>
internal static class LeaveGroup
{
    public static readonly ApiDefinition Definition = new(ApiKey.LeaveGroup, 0, 5, 4, Handle);

    private static Task Handle(Request request)
    {
        var (response, version) = (request.Response, request.Version);
        var (group, members) = Parse(request);
        var errors = request.Node.Groups.Leave(group, members);
        if (version >= 1) response.WriteInt32(0);
        if (version < 3)
        {
            response.WriteError(errors[0]);
            return request.Node.Journal.FlushAsync();
        }
        response.WriteError(ErrorCode.None);
        response.WriteArrayLength(errors.Count);
        for (var m = 0; m < errors.Count; m++)
        {
            response.WriteString(members[m].MemberId);
            response.WriteString(members[m].InstanceId);
            response.WriteError(errors[m]);
            response.WriteTags();
        }
        response.WriteTags();
        return request.Node.Journal.FlushAsync();
    }

    private static (string Group, List<(string MemberId, string? InstanceId)> Members) Parse(Request request)
    {
        var reader = request.Read();
        var group = reader.ReadString();
        if (request.Version < 3) return (group, [(reader.ReadString(), null)]);
        var members = new List<(string, string?)>();
        for (var m = reader.ReadArrayLength(); m > 0; m--)
        {
            members.Add((reader.ReadString(), reader.ReadNullableString()));
            if (request.Version >= 5) reader.ReadNullableString();
            reader.SkipTags();
        }
        return (group, members);
    }
}
