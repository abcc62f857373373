using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DescribeProducers (key 61) 0: what each partition's log knows of its producers. Difference to Kafka: no epoch of the coordinator is kept, it is answered -1.</summary>
internal static class DescribeProducers
{
    public static readonly ApiDefinition Definition = new(ApiKey.DescribeProducers, 0, 0, 0, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        response.WriteInt32(0);
        var topics = reader.ReadArrayLength(2);
        response.WriteArrayLength(topics);
        for (; topics > 0; topics--)
        {
            var topic = reader.ReadString();
            var partitions = reader.ReadInt32Array();
            reader.SkipTags();
            response.WriteString(topic);
            response.WriteArrayLength(partitions.Length);
            foreach (var partition in partitions) WritePartition(response, partition, request.Node.Find(topic, partition));
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WritePartition(ProtocolWriter response, int partition, PartitionLog? log)
    {
        response.WriteInt32(partition);
        response.WriteError(log is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
        response.WriteString(null);
        var producers = log?.Producers() ?? [];
        response.WriteArrayLength(producers.Count);
        foreach (var producer in producers)
        {
            response.WriteInt64(producer.ProducerId);
            response.WriteInt32(producer.Epoch);
            response.WriteInt32(producer.LastSequence);
            response.WriteInt64(producer.LastTimestamp);
            response.WriteInt32(-1);
            response.WriteInt64(producer.OpenOffset);
            response.WriteTags();
        }
        response.WriteTags();
    }
}
