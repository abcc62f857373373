using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>What the transactional requests have in common.</summary>
internal static class TransactionRequests
{
    public static Caller Caller(this Request request) => new(request.Connection, request.HasGone);

    /// <summary>Clients before KIP-588 know a fenced producer by INVALID_PRODUCER_EPOCH.</summary>
    public static ErrorCode Fenced(this Request request, ErrorCode error) =>
        error == ErrorCode.ProducerFenced && request.Version < 2 ? ErrorCode.InvalidProducerEpoch : error;

    public static TransactionalProducer ReadProducer(ref this ProtocolReader reader) => new(reader.ReadString(), reader.ReadInt64(), reader.ReadInt16());

    /// <summary>Topics with an error for each partition, in the order given.</summary>
    public static void WriteErrors(this ProtocolWriter response, IReadOnlyList<(string Topic, int Partition, ErrorCode Error)> partitions)
    {
        var topics = partitions.GroupBy(p => p.Topic, StringComparer.Ordinal).ToList();
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            response.WriteString(topic.Key);
            response.WriteArrayLength(topic.Count());
            foreach (var (_, partition, error) in topic)
            {
                response.WriteInt32(partition);
                response.WriteError(error);
                response.WriteTags();
            }
            response.WriteTags();
        }
    }
}
