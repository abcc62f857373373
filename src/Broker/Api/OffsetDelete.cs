using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>OffsetDelete 0; not for topics that members of the group read.</summary>
internal static class OffsetDelete
{
    public static readonly ApiDefinition Definition = new(ApiKey.OffsetDelete, 0, 0, short.MaxValue, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        var group = reader.ReadString();
        var partitions = new List<TopicPartitionName>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            var topic = reader.ReadString();
            partitions.AddRange(reader.ReadInt32Array().Select(p => new TopicPartitionName(topic, p)));
        }
        var (error, errors) = request.Node.Groups.DeleteOffsets(group, partitions);
        response.WriteError(error);
        response.WriteInt32(0);
        var topics = partitions.Zip(errors).GroupBy(p => p.First.Topic, StringComparer.Ordinal).ToList();
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            response.WriteString(topic.Key);
            response.WriteArrayLength(topic.Count());
            foreach (var (partition, partitionError) in topic)
            {
                response.WriteInt32(partition.Partition);
                response.WriteError(partitionError);
            }
        }
        return request.Node.Journal.FlushAsync();
    }
}
