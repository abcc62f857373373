using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>The list of topics, partitions and offsets that OffsetCommit and TxnOffsetCommit share.</summary>
internal static class OffsetTopics
{
    public static List<CommittedOffset> Read(ref ProtocolReader reader, bool withEpoch)
    {
        var offsets = new List<CommittedOffset>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            var topic = reader.ReadString();
            for (var p = reader.ReadArrayLength(12); p > 0; p--)
            {
                offsets.Add(new CommittedOffset(topic, reader.ReadInt32(), reader.ReadInt64(), withEpoch ? reader.ReadInt32() : -1, reader.ReadNullableString()));
                reader.SkipTags();
            }
            reader.SkipTags();
        }
        return offsets;
    }

    public static void WriteErrors(ProtocolWriter response, List<CommittedOffset> offsets, ErrorCode error) => WriteErrors(response, offsets, _ => error);

    public static void WriteErrors(ProtocolWriter response, List<CommittedOffset> offsets, Func<CommittedOffset, ErrorCode> errorOf)
    {
        var topics = offsets.GroupBy(o => o.Topic, StringComparer.Ordinal).ToList();
        response.WriteArrayLength(topics.Count);
        foreach (var topic in topics)
        {
            response.WriteString(topic.Key);
            response.WriteArrayLength(topic.Count());
            foreach (var offset in topic)
            {
                response.WriteInt32(offset.Partition);
                response.WriteError(errorOf(offset));
                response.WriteTags();
            }
            response.WriteTags();
        }
        response.WriteTags();
    }
}
