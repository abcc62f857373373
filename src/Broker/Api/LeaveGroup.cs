using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>LeaveGroup 0–5; from version 3 several members at once.</summary>
internal static class LeaveGroup
{
    public static readonly ApiDefinition Definition = new(ApiKey.LeaveGroup, 0, 5, 4, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, version) = (request.Response, request.Version);
        var group = reader.ReadString();
        if (version >= 1) response.WriteInt32(0);
        if (version < 3)
        {
            response.WriteError(request.Node.Groups.Leave(group, reader.ReadString(), null));
            return Task.CompletedTask;
        }
        response.WriteError(ErrorCode.None);
        var members = reader.ReadArrayLength();
        response.WriteArrayLength(members);
        for (; members > 0; members--)
        {
            var (member, instance) = (reader.ReadString(), reader.ReadNullableString());
            if (version >= 5) reader.ReadNullableString();
            reader.SkipTags();
            response.WriteString(member);
            response.WriteString(instance);
            response.WriteError(request.Node.Groups.Leave(group, member, instance));
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }
}
