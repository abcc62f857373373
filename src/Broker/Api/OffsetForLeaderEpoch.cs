using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>OffsetForLeaderEpoch 2–4: there is one leader epoch, 0, and it ends at the high watermark.</summary>
internal static class OffsetForLeaderEpoch
{
    public static readonly ApiDefinition Definition = new(ApiKey.OffsetForLeaderEpoch, 2, 4, 4, Handle);

    private static Task Handle(Request request)
    {
        var reader = request.Read();
        var response = request.Response;
        if (request.Version >= 3) reader.ReadInt32();
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
                _ = (reader.ReadInt32(), reader.ReadInt32());
                reader.SkipTags();
                var log = request.Node.Find(name, index);
                response.WriteError(log is null ? ErrorCode.UnknownTopicOrPartition : ErrorCode.None);
                response.WriteInt32(index);
                response.WriteInt32(log is null ? -1 : 0);
                response.WriteInt64(log?.HighWatermark ?? -1);
                response.WriteTags();
            }
            reader.SkipTags();
            response.WriteTags();
        }
        response.WriteTags();
        return Task.CompletedTask;
    }
}
