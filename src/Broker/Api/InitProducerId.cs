using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>InitProducerId 0–4, with KIP-360: a producer that names itself is bumped, an older one fenced.</summary>
internal static class InitProducerId
{
    public static readonly ApiDefinition Definition = new(ApiKey.InitProducerId, 0, 4, 2, Handle);

    private static async Task Handle(Request request)
    {
        var (id, timeout, producerId, epoch) = Parse(request);
        var node = request.Node;
        var error = ErrorCode.None;
        if (id is not null)
        {
            (error, producerId, epoch) = await node.Transactions.InitAsync(id, timeout, producerId, epoch);
        }
        else
        {
            (producerId, epoch) = (node.TakeProducerId(), 0);
            await node.Journal.FlushAsync();
        }
        var response = request.Response;
        response.WriteInt32(0);
        response.WriteError(error);
        response.WriteInt64(producerId);
        response.WriteInt16(epoch);
        response.WriteTags();
    }

    private static (string? Id, int Timeout, long ProducerId, short Epoch) Parse(Request request)
    {
        var reader = request.Read();
        return request.Version >= 3
            ? (reader.ReadNullableString(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt16())
            : (reader.ReadNullableString(), reader.ReadInt32(), -1, -1);
    }
}
