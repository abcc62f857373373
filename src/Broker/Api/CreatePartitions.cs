using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>CreatePartitions 0–3; every topic is in the result.</summary>
internal static class CreatePartitions
{
    public static readonly ApiDefinition Definition = new(ApiKey.CreatePartitions, 0, 3, 2, Handle);

    private static Task Handle(Request request)
    {
        var wanted = Parse(request, out var validateOnly);
        var (response, node) = (request.Response, request.Node);
        response.WriteInt32(0);
        response.WriteArrayLength(wanted.Count);
        foreach (var (name, count) in wanted)
        {
            var topic = node.Find(name);
            var error = topic is null ? ErrorCode.UnknownTopicOrPartition
                : count <= topic.Partitions.Length || count > 10_000 ? ErrorCode.InvalidPartitions : ErrorCode.None;
            if (error == ErrorCode.None && !validateOnly) node.Record(new PartitionsAdded(name, count));
            response.WriteString(name);
            response.WriteError(error);
            response.WriteString(null);
            response.WriteTags();
        }
        response.WriteTags();
        return node.Journal.FlushAsync();
    }

    private static List<(string Name, int Count)> Parse(Request request, out bool validateOnly)
    {
        var reader = request.Read();
        var wanted = new List<(string, int)>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            wanted.Add((reader.ReadString(), reader.ReadInt32()));
            for (var a = reader.ReadArrayLength(); a > 0; a--)
            {
                reader.ReadInt32Array();
                reader.SkipTags();
            }
            reader.SkipTags();
        }
        reader.ReadInt32();
        validateOnly = reader.ReadBool();
        return wanted;
    }
}
