using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>FindCoordinator 0–4: this broker, for every group and transactional id.</summary>
internal static class FindCoordinator
{
    private const int Transaction = 1;
    private const string Message = "only groups and transactional ids have coordinators here";

    public static readonly ApiDefinition Definition = new(ApiKey.FindCoordinator, 0, 4, 3, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, version) = (request.Response, request.Version);
        if (version < 4) reader.ReadString();
        var error = version >= 1 && reader.ReadInt8() is (< 0 or > Transaction) ? ErrorCode.InvalidRequest : ErrorCode.None;
        if (version >= 1) response.WriteInt32(0);
        if (version < 4)
        {
            response.WriteError(error);
            if (version >= 1) response.WriteString(error == ErrorCode.None ? "NONE" : Message);
            WriteNode(request, error);
            response.WriteTags();
            return Task.CompletedTask;
        }
        var keys = reader.ReadArrayLength();
        response.WriteArrayLength(keys);
        for (; keys > 0; keys--)
        {
            response.WriteString(reader.ReadString());
            WriteNode(request, error);
            response.WriteError(error);
            response.WriteString(error == ErrorCode.None ? "" : Message);
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WriteNode(Request request, ErrorCode error)
    {
        var found = error == ErrorCode.None;
        request.Response.WriteInt32(found ? Node.Id : -1);
        request.Response.WriteString(found ? request.Node.Host : "");
        request.Response.WriteInt32(found ? request.Node.Port : -1);
    }
}
