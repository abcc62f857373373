using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DescribeTransactions (key 65) 0. Difference to Kafka: groups whose offsets belong to the transaction are not shown as partitions of an internal topic.</summary>
internal static class DescribeTransactions
{
    public static readonly ApiDefinition Definition = new(ApiKey.DescribeTransactions, 0, 0, 0, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        response.WriteInt32(0);
        var ids = reader.ReadArrayLength();
        response.WriteArrayLength(ids);
        for (; ids > 0; ids--)
        {
            var name = reader.ReadString();
            if (request.Node.Transactions.Find(name) is { } id) WriteKnown(response, id);
            else WriteUnknown(response, name);
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WriteKnown(ProtocolWriter response, TransactionalId id)
    {
        lock (id.Gate)
        {
            response.WriteError(ErrorCode.None);
            response.WriteString(id.Name);
            response.WriteString(id.State.ToString());
            response.WriteInt32(id.TimeoutMs);
            response.WriteInt64(id.StartedAt);
            response.WriteInt64(id.ProducerId);
            response.WriteInt16(id.Epoch);
            var topics = id.Partitions.GroupBy(p => p.Topic, p => p.Partition, StringComparer.Ordinal).ToList();
            response.WriteArrayLength(topics.Count);
            foreach (var topic in topics)
            {
                response.WriteString(topic.Key);
                response.WriteInt32Array([.. topic]);
                response.WriteTags();
            }
        }
    }

    private static void WriteUnknown(ProtocolWriter response, string name)
    {
        response.WriteError(name.Length == 0 ? ErrorCode.InvalidRequest : ErrorCode.TransactionalIdNotFound);
        response.WriteString(name);
        response.WriteString("");
        response.WriteInt32(0);
        response.WriteInt64(0);
        response.WriteInt64(0);
        response.WriteInt16(0);
        response.WriteArrayLength(0);
    }
}
