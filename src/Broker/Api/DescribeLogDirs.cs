using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>
/// DescribeLogDirs (35), versions 1–4: one directory, with the bytes that the partitions' logs take of it. Sizes of the volume are those of the machine's
/// file system, -1 where it does not tell.
/// </summary>
internal static class DescribeLogDirs
{
    public static readonly ApiDefinition Definition = new(ApiKey.DescribeLogDirs, 1, 4, 2, Handle);

    private static Task Handle(Request request)
    {
        var wanted = Parse(request);
        var (response, node) = (request.Response, request.Node);
        var topics = node.Topics.Select(t => (t.Name, Logs: t.Partitions.Where(p => wanted is null || wanted.Contains((t.Name, p.Partition))).ToList()))
            .Where(t => t.Logs.Count > 0).ToList();
        response.WriteInt32(0);
        if (request.Version >= 3) response.WriteError(ErrorCode.None);
        response.WriteArrayLength(1);
        response.WriteError(ErrorCode.None);
        response.WriteString(node.Options.DataDirectory);
        response.WriteArrayLength(topics.Count);
        foreach (var (name, logs) in topics)
        {
            response.WriteString(name);
            response.WriteArrayLength(logs.Count);
            foreach (var log in logs)
            {
                response.WriteInt32(log.Partition);
                response.WriteInt64(log.Size);
                response.WriteInt64(0);
                response.WriteBool(false);
                response.WriteTags();
            }
            response.WriteTags();
        }
        if (request.Version >= 4) WriteVolume(response, node.Options.DataDirectory);
        response.WriteTags();
        response.WriteTags();
        return Task.CompletedTask;
    }

    private static void WriteVolume(ProtocolWriter response, string directory)
    {
        var (total, usable) = (-1L, -1L);
        try
        {
            var volume = new DriveInfo(Path.GetFullPath(directory));
            (total, usable) = (volume.TotalSize, volume.AvailableFreeSpace);
        }
        catch (IOException)
        {
            // The protocol's -1: the size is not known.
        }
        response.WriteInt64(total);
        response.WriteInt64(usable);
    }

    /// <summary>The partitions that are asked for; null for all.</summary>
    private static HashSet<(string Topic, int Partition)>? Parse(Request request)
    {
        var reader = request.Read();
        var topics = reader.ReadArrayLength();
        if (topics < 0) return null;
        var wanted = new HashSet<(string, int)>();
        for (; topics > 0; topics--)
        {
            var name = reader.ReadString();
            foreach (var partition in reader.ReadInt32Array()) wanted.Add((name, partition));
            reader.SkipTags();
        }
        return wanted;
    }
}
