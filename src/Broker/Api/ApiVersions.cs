using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>ApiVersions 0–4. The response header is never flexible; an unknown version is answered in format 0 with error 35 and the list.</summary>
internal static class ApiVersions
{
    public static readonly ApiDefinition Definition = new(ApiKey.ApiVersions, 0, 4, 3, Handle);

    private static Task Handle(Request request)
    {
        var known = request.Version <= 4;
        var version = known ? request.Version : 0;
        var response = request.Response;
        response.Flexible = version >= 3;
        response.WriteError(known ? ErrorCode.None : ErrorCode.UnsupportedVersion);
        response.WriteArrayLength(Apis.All.Count);
        foreach (var api in Apis.All)
        {
            response.WriteInt16((short)api.Key);
            response.WriteInt16(api.Min);
            response.WriteInt16(api.Max);
            response.WriteTags();
        }
        if (version >= 1) response.WriteInt32(0);
        response.WriteTags();
        return Task.CompletedTask;
    }
}
