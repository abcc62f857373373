using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

internal readonly record struct WantedPartition(int Index, int LeaderEpoch, long Offset, int MaxBytes);

/// <summary>A topic of a fetch as it was named, by name or id, and what is known under that.</summary>
internal sealed record WantedTopic(string Name, Guid Id, Topic? Topic, List<WantedPartition> Partitions);

/// <summary>What a fetch asks for.</summary>
internal sealed record FetchQuery(int MaxWaitMs, int MinBytes, int MaxBytes, bool CommittedOnly, bool ById, List<WantedTopic> Topics)
{
    public static FetchQuery Parse(Request request)
    {
        var reader = request.Read();
        var version = request.Version;
        if (version <= 14) reader.ReadInt32();
        var (maxWait, minBytes, maxBytes) = (reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        var committedOnly = reader.ReadInt8() == 1;
        if (version >= 7) _ = (reader.ReadInt32(), reader.ReadInt32());
        var topics = new List<WantedTopic>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            var name = version < 13 ? reader.ReadString() : "";
            var id = version < 13 ? Guid.Empty : reader.ReadUuid();
            var partitions = new List<WantedPartition>();
            for (var p = reader.ReadArrayLength(16); p > 0; p--) partitions.Add(ReadPartition(ref reader, version));
            reader.SkipTags();
            topics.Add(new WantedTopic(name, id, version < 13 ? request.Node.Find(name) : request.Node.Find(id), partitions));
        }
        return new FetchQuery(maxWait, minBytes, maxBytes, committedOnly, version >= 13, topics);
    }

    private static WantedPartition ReadPartition(ref ProtocolReader reader, short version)
    {
        var index = reader.ReadInt32();
        var epoch = version >= 9 ? reader.ReadInt32() : -1;
        var offset = reader.ReadInt64();
        if (version >= 12) reader.ReadInt32();
        if (version >= 5) reader.ReadInt64();
        var wanted = new WantedPartition(index, epoch, offset, reader.ReadInt32());
        reader.SkipTags();
        return wanted;
    }
}
