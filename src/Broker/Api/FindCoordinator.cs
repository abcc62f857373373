using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>FindCoordinator 0–4: this broker, for every group and transactional id.</summary>
internal static class FindCoordinator
{
    public static readonly ApiDefinition Definition = new(ApiKey.FindCoordinator, 0, 4, 3, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, version) = (request.Response, request.Version);
        if (version >= 1) response.WriteInt32(0);
        if (version < 4)
        {
            response.WriteError(ErrorCode.None);
            if (version >= 1) response.WriteString(null);
            WriteNode(request);
            response.WriteTags();
            return Task.CompletedTask;
        }
        reader.ReadInt8();
        var keys = reader.ReadArrayLength();
        response.WriteArrayLength(keys);
        for (; keys > 0; keys--)
        {
            response.WriteString(reader.ReadString());
            WriteNode(request);
            response.WriteError(ErrorCode.None);
            response.WriteString(null);
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WriteNode(Request request)
    {
        request.Response.WriteInt32(Node.Id);
        request.Response.WriteString(request.Node.Host);
        request.Response.WriteInt32(request.Node.Port);
    }
}
