using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>AddPartitionsToTxn 0–3. One unknown partition refuses them all.</summary>
internal static class AddPartitionsToTxn
{
    public static readonly ApiDefinition Definition = new(ApiKey.AddPartitionsToTxn, 0, 3, 3, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (id, producerId, epoch) = (reader.ReadString(), reader.ReadInt64(), reader.ReadInt16());
        var topics = new List<(string Topic, int[] Partitions)>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            topics.Add((reader.ReadString(), reader.ReadInt32Array()));
            reader.SkipTags();
        }
        var partitions = topics.SelectMany(t => t.Partitions.Select(p => new TopicPartitionName(t.Topic, p))).ToList();
        var known = partitions.All(p => request.Node.Find(p.Topic, p.Partition) is not null);
        var error = known ? request.Node.Transactions.Add(id, producerId, epoch, request.Connection, partitions, null) : ErrorCode.UnknownTopicOrPartition;
        var response = request.Response;
        response.WriteInt32(0);
        response.WriteArrayLength(topics.Count);
        foreach (var (topic, indexes) in topics)
        {
            response.WriteString(topic);
            response.WriteArrayLength(indexes.Length);
            foreach (var index in indexes)
            {
                response.WriteInt32(index);
                response.WriteError(error);
                response.WriteTags();
            }
            response.WriteTags();
        }
        response.WriteTags();
        return request.Node.Journal.FlushAsync();
    }
}
