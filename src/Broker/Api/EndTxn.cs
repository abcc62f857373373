using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// EndTxn (key 26) 0–4. Answered when the decision and all markers are on disk, where Kafka writes the markers after its answer. Difference to Kafka:
/// a request that comes on an older connection than the transaction's is refused, since it means an earlier transaction.
/// </summary>
internal static class EndTxn
{
    public static readonly ApiDefinition Definition = new(ApiKey.EndTxn, 0, 4, 3, Handle);

    private static async Task Handle(Request request)
    {
        var error = request.Fenced(await EndAsync(request));
        request.Response.WriteInt32(0);
        request.Response.WriteError(error);
        request.Response.WriteTags();
    }

    private static Task<ErrorCode> EndAsync(Request request)
    {
        var reader = request.Read();
        return request.Node.Transactions.EndAsync(reader.ReadProducer(), reader.ReadBool(), request.Caller());
    }
}
