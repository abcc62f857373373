using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>DeleteRecords 0–2: moves the log's start; the bytes stay on disk. Offset -1 is the high watermark.</summary>
internal static class DeleteRecords
{
    public static readonly ApiDefinition Definition = new(ApiKey.DeleteRecords, 0, 2, 2, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var (response, node) = (request.Response, request.Node);
        response.WriteInt32(0);
        var topics = reader.ReadArrayLength();
        response.WriteArrayLength(topics);
        for (; topics > 0; topics--)
        {
            var name = reader.ReadString();
            response.WriteString(name);
            var partitions = reader.ReadArrayLength(12);
            response.WriteArrayLength(partitions);
            for (; partitions > 0; partitions--)
            {
                var index = reader.ReadInt32();
                var offset = reader.ReadInt64();
                reader.SkipTags();
                var error = Delete(node, name, index, offset, out var log);
                response.WriteInt32(index);
                response.WriteInt64(error == ErrorCode.None ? log!.LogStartOffset : -1);
                response.WriteError(error);
                response.WriteTags();
            }
            reader.SkipTags();
            response.WriteTags();
        }
        response.WriteTags();
        return node.Journal.FlushAsync();
    }

    private static ErrorCode Delete(Node node, string name, int index, long offset, out PartitionLog? log)
    {
        log = node.Find(name, index);
        if (log is null) return ErrorCode.UnknownTopicOrPartition;
        var start = offset == -1 ? log.HighWatermark : offset;
        if (start < 0 || start > log.HighWatermark) return ErrorCode.OffsetOutOfRange;
        if (start > log.LogStartOffset) node.Record(new RecordsDeleted(name, index, start));
        return ErrorCode.None;
    }
}
