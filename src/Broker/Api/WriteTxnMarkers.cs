using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// WriteTxnMarkers (key 27) 1: what an operator's tool aborts a hanging transaction with. Difference to Kafka: markers that commit are refused, since
/// only the coordinator of this very broker decides that.
/// </summary>
internal static class WriteTxnMarkers
{
    public static readonly ApiDefinition Definition = new(ApiKey.WriteTxnMarkers, 1, 1, 1, Handle);

    private sealed record Marker(long ProducerId, short Epoch, bool Commit, List<TopicPartitionName> Partitions);

    private static async Task Handle(Request request)
    {
        var markers = Parse(request);
        var response = request.Response;
        response.WriteArrayLength(markers.Count);
        foreach (var marker in markers)
        {
            var written = new List<(string Topic, int Partition, ErrorCode Error)>();
            foreach (var (topic, partition) in marker.Partitions) written.Add((topic, partition, await WriteAsync(request.Node, marker, topic, partition)));
            response.WriteInt64(marker.ProducerId);
            response.WriteErrors(written);
            response.WriteTags();
        }
        response.WriteTags();
    }

    private static List<Marker> Parse(Request request)
    {
        var reader = request.Read();
        var markers = new List<Marker>();
        for (var m = reader.ReadArrayLength(16); m > 0; m--)
        {
            var (producerId, epoch, commit) = (reader.ReadInt64(), reader.ReadInt16(), reader.ReadBool());
            var partitions = new List<TopicPartitionName>();
            for (var t = reader.ReadArrayLength(); t > 0; t--)
            {
                var topic = reader.ReadString();
                partitions.AddRange(reader.ReadInt32Array().Select(p => new TopicPartitionName(topic, p)));
                reader.SkipTags();
            }
            reader.ReadInt32();
            reader.SkipTags();
            markers.Add(new Marker(producerId, epoch, commit, partitions));
        }
        return markers;
    }

    private static async Task<ErrorCode> WriteAsync(Node node, Marker marker, string topic, int partition)
    {
        if (node.Find(topic, partition) is not { } log) return ErrorCode.UnknownTopicOrPartition;
        if (marker.Commit) return ErrorCode.InvalidRequest;
        var known = log.Producers().Where(p => p.ProducerId == marker.ProducerId).Select(p => p.Epoch).DefaultIfEmpty((short)-1).Single();
        if (marker.Epoch < known) return ErrorCode.InvalidProducerEpoch;
        try
        {
            log.AppendMarker(marker.ProducerId, marker.Epoch, commit: false, node.Now);
        }
        catch (IOException)
        {
            // The tool says so, and its user tries again.
            return ErrorCode.KafkaStorageError;
        }
        await node.Commit.FlushAsync(log);
        return ErrorCode.None;
    }
}
