using Streams.Broker.Protocol;

namespace Streams.Broker.Network;

/// <summary>Handles requests as <see cref="EmbeddedBrokerOptions.Fault"/> wants it. The requests of a connection still start in order: a delay holds up those behind it.</summary>
internal static class FaultInjection
{
    /// <summary>Decides, and starts to handle; the inner task is the handling.</summary>
    public static async ValueTask<Task> StartAsync(Func<FaultRequest, ValueTask<Fault>> inject, ApiDefinition api, Request request)
    {
        var fault = await inject(new FaultRequest((short)api.Key, request.Version, request.ClientId, request.Connection));
        return fault.What switch
        {
            Fault.Kind.None => api.Handle(request),
            Fault.Kind.Answer => Answer(api.Key, request, fault.Code),
            Fault.Kind.CloseAfter => HandleAndCloseAsync(api, request),
            _ => throw new OperationCanceledException("closed by a fault"),
        };
    }

    private static async Task HandleAndCloseAsync(ApiDefinition api, Request request)
    {
        await api.Handle(request);
        throw new OperationCanceledException("closed by a fault");
    }

    private static Task Answer(ApiKey key, Request request, short code)
    {
        var (response, version) = (request.Response, request.Version);
        if (key == ApiKey.ApiVersions) response.Flexible = version >= 3;
        else if (version >= ThrottleSince(key, version)) response.WriteInt32(0);
        response.WriteInt16(code);
        WriteRest(key, version, response);
        response.WriteTags();
        return Task.CompletedTask;
    }

    /// <summary>The first version whose answer begins with the throttle time.</summary>
    private static short ThrottleSince(ApiKey key, short version) => key switch
    {
        ApiKey.Fetch when version >= 7 => 1,
        ApiKey.FindCoordinator when version <= 3 => 1,
        ApiKey.JoinGroup => 2,
        ApiKey.SyncGroup or ApiKey.Heartbeat or ApiKey.LeaveGroup or ApiKey.ListGroups => 1,
        ApiKey.InitProducerId or ApiKey.AddOffsetsToTxn or ApiKey.EndTxn or ApiKey.ConsumerGroupHeartbeat => 0,
        _ => throw new InvalidOperationException($"{key} {version} has no error code of its own that a fault could answer with"),
    };

    private static void WriteRest(ApiKey key, short version, ProtocolWriter response)
    {
        switch (key)
        {
            case ApiKey.ApiVersions:
                response.WriteArrayLength(0);
                if (version >= 1) response.WriteInt32(0);
                break;
            case ApiKey.Fetch:
                response.WriteInt32(0);
                response.WriteArrayLength(0);
                break;
            case ApiKey.FindCoordinator:
                if (version >= 1) response.WriteString(null);
                response.WriteInt32(-1);
                response.WriteString("");
                response.WriteInt32(-1);
                break;
            case ApiKey.JoinGroup:
                response.WriteInt32(-1);
                if (version >= 7) response.WriteString(null);
                response.WriteString(version >= 7 ? null : "");
                response.WriteString("");
                if (version >= 9) response.WriteBool(false);
                response.WriteString("");
                response.WriteArrayLength(0);
                break;
            case ApiKey.SyncGroup:
                if (version >= 5)
                {
                    response.WriteString(null);
                    response.WriteString(null);
                }
                response.WriteBytes([]);
                break;
            case ApiKey.LeaveGroup when version >= 3:
            case ApiKey.ListGroups:
                response.WriteArrayLength(0);
                break;
            case ApiKey.InitProducerId:
                response.WriteInt64(-1);
                response.WriteInt16(-1);
                break;
            case ApiKey.ConsumerGroupHeartbeat:
                response.WriteString(null);
                response.WriteString(null);
                response.WriteInt32(0);
                response.WriteInt32(0);
                response.WriteInt8(-1);
                break;
        }
    }
}
