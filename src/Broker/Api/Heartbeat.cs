using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>Heartbeat 0–4.</summary>
internal static class Heartbeat
{
    public static readonly ApiDefinition Definition = new(ApiKey.Heartbeat, 0, 4, 4, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        var error = request.Node.Groups.Heartbeat(reader.ReadString(), reader.ReadInt32(), reader.ReadString(), version >= 3 ? reader.ReadNullableString() : null);
        if (version >= 1) request.Response.WriteInt32(0);
        request.Response.WriteError(error);
        request.Response.WriteTags();
        return Task.CompletedTask;
    }
}
