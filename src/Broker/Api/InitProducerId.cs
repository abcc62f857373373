using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// InitProducerId (key 22) 0–4, with KIP-360: a producer that names itself is bumped, an older one fenced. Difference to Kafka: an outdated epoch is
/// fenced at once, where Kafka first aborts what the newer producer has open.
/// </summary>
internal static class InitProducerId
{
    public static readonly ApiDefinition Definition = new(ApiKey.InitProducerId, 0, 4, 2, Handle);

    private static async Task Handle(Request request)
    {
        var (id, timeout, producerId, epoch) = Parse(request);
        var transactions = request.Node.Transactions;
        var result = id is null
            ? await WithoutTransactionsAsync(transactions, producerId, epoch)
            : await transactions.InitAsync(id, timeout, producerId, epoch, request.Caller());
        var response = request.Response;
        response.WriteInt32(0);
        response.WriteError(result.Error == ErrorCode.ProducerFenced && request.Version < 4 ? ErrorCode.InvalidProducerEpoch : result.Error);
        response.WriteInt64(result.ProducerId);
        response.WriteInt16(result.Epoch);
        response.WriteTags();
    }

    private static async Task<InitResult> WithoutTransactionsAsync(TransactionCoordinator transactions, long producerId, short epoch)
    {
        if (producerId == -1 != (epoch == -1)) return InitResult.Refused(ErrorCode.InvalidRequest);
        try
        {
            return new InitResult(ErrorCode.None, await transactions.ProducerIds.TakeAsync(), 0);
        }
        catch (IOException)
        {
            // No block of ids could be reserved: clients try again.
            return InitResult.Refused(ErrorCode.CoordinatorNotAvailable);
        }
    }

    private static (string? Id, int Timeout, long ProducerId, short Epoch) Parse(Request request)
    {
        var reader = request.Read();
        return request.Version >= 3
            ? (reader.ReadNullableString(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadInt16())
            : (reader.ReadNullableString(), reader.ReadInt32(), -1, -1);
    }
}
