using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>AddPartitionsToTxn (key 24) 0–3. One unknown partition keeps all from being added.</summary>
internal static class AddPartitionsToTxn
{
    public static readonly ApiDefinition Definition = new(ApiKey.AddPartitionsToTxn, 0, 3, 3, Handle);

    private static async Task Handle(Request request)
    {
        var (producer, partitions) = Parse(request);
        var errors = await AddAsync(request, producer, partitions);
        request.Response.WriteInt32(0);
        request.Response.WriteErrors(errors);
        request.Response.WriteTags();
    }

    private static (TransactionalProducer Producer, List<TopicPartitionName> Partitions) Parse(Request request)
    {
        var reader = request.Read();
        var producer = reader.ReadProducer();
        var partitions = new List<TopicPartitionName>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            var topic = reader.ReadString();
            partitions.AddRange(reader.ReadInt32Array().Select(p => new TopicPartitionName(topic, p)));
            reader.SkipTags();
        }
        return (producer, partitions);
    }

    private static async Task<List<(string Topic, int Partition, ErrorCode Error)>> AddAsync(Request request, TransactionalProducer producer, List<TopicPartitionName> partitions)
    {
        bool IsUnknown(TopicPartitionName p) => request.Node.Find(p.Topic, p.Partition) is null;
        if (partitions.Exists(IsUnknown))
            return [.. partitions.Select(p => (p.Topic, p.Partition, IsUnknown(p) ? ErrorCode.UnknownTopicOrPartition : ErrorCode.OperationNotAttempted))];
        var error = request.Fenced(await request.Node.Transactions.AddPartitionsAsync(producer, partitions, request.Caller()));
        return [.. partitions.Select(p => (p.Topic, p.Partition, error))];
    }
}
