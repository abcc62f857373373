using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>SyncGroup 0–5. Followers wait for the leader's assignment.</summary>
internal static class SyncGroup
{
    public static readonly ApiDefinition Definition = new(ApiKey.SyncGroup, 0, 5, 4, Handle);

    private static async Task Handle(Request request)
    {
        var (response, version) = (request.Response, request.Version);
        var result = await Sync(request);
        if (version >= 1) response.WriteInt32(0);
        response.WriteError(result.Error);
        if (version >= 5)
        {
            response.WriteString(result.ProtocolType);
            response.WriteString(result.Protocol);
        }
        response.WriteBytes(result.Assignment);
        response.WriteTags();
    }

    private static Task<SyncResult> Sync(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        var (group, generation, member) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        var instance = version >= 3 ? reader.ReadNullableString() : null;
        if (version >= 5) _ = (reader.ReadNullableString(), reader.ReadNullableString());
        var assignments = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var a = reader.ReadArrayLength(); a > 0; a--)
        {
            assignments[reader.ReadString()] = reader.ReadBytes().ToArray();
            reader.SkipTags();
        }
        return request.Node.Groups.SyncAsync(group, generation, member, instance, assignments);
    }
}
