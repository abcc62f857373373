using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>SyncGroup 0–5. The assignment is on disk before any member is told.</summary>
internal static class SyncGroup
{
    public static readonly ApiDefinition Definition = new(ApiKey.SyncGroup, 0, 5, 4, Handle);

    private static async Task Handle(Request request)
    {
        var (response, version) = (request.Response, request.Version);
        var result = await request.Node.Groups.SyncAsync(Parse(request)).WaitAsync(request.Stopping);
        if (result.Error == ErrorCode.None) await request.Node.Journal.FlushAsync();
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

    private static SyncRequest Parse(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        var (group, generation, member) = (reader.ReadString(), reader.ReadInt32(), reader.ReadString());
        var instance = version >= 3 ? reader.ReadNullableString() : null;
        var (type, protocol) = version >= 5 ? (reader.ReadNullableString(), reader.ReadNullableString()) : (null, null);
        var assignments = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        for (var a = reader.ReadArrayLength(); a > 0; a--)
        {
            assignments[reader.ReadString()] = reader.ReadBytes().ToArray();
            reader.SkipTags();
        }
        return new SyncRequest(group, generation, member, instance, type, protocol, assignments);
    }
}
