using Streams.Broker.Protocol;

namespace Streams.Broker.Api;

/// <summary>CreatePartitions (37), versions 0–3; every topic is in the result.</summary>
internal static class CreatePartitions
{
    public static readonly ApiDefinition Definition = new(ApiKey.CreatePartitions, 0, 3, 2, Handle);

    private sealed record Wanted(string Name, int Count, List<int[]>? Assigned);

    private static Task Handle(Request request)
    {
        var wanted = Parse(request, out var validateOnly);
        var (response, node) = (request.Response, request.Node);
        var outcomes = wanted.GroupBy(w => w.Name).Select(named => (named.Key, named.Count() > 1
            ? (ErrorCode.InvalidRequest, "a topic can be named once in a request") : Grow(node, named.Single(), validateOnly))).ToList();
        response.WriteInt32(0);
        response.WriteArrayLength(outcomes.Count);
        foreach (var (name, (error, message)) in outcomes)
        {
            response.WriteString(name);
            response.WriteError(error);
            response.WriteString(message);
            response.WriteTags();
        }
        response.WriteTags();
        return validateOnly ? Task.CompletedTask : node.Journal.FlushAsync();
    }

    private static (ErrorCode, string?) Grow(Node node, Wanted wanted, bool validateOnly)
    {
        (ErrorCode Error, string? Message) problem = default;
        var error = node.Change(wanted.Name, topic =>
        {
            problem = Problem(wanted, topic.Partitions.Length);
            return problem.Error == ErrorCode.None && !validateOnly ? new PartitionsAdded(wanted.Name, wanted.Count) : null;
        });
        if (error == ErrorCode.UnknownTopicOrPartition) return (error, $"there is no topic {wanted.Name}");
        return problem.Error != ErrorCode.None ? problem : (error, null);
    }

    private static (ErrorCode, string?) Problem(Wanted wanted, int partitions)
    {
        if (wanted.Count <= partitions) return (ErrorCode.InvalidPartitions, $"topic {wanted.Name} has {partitions} partitions already, and cannot be given {wanted.Count}");
        if ((long)wanted.Count - partitions > Node.MaxPartitions) return (ErrorCode.InvalidPartitions, $"a request makes at most {Node.MaxPartitions} partitions");
        if (wanted.Assigned is null) return (ErrorCode.None, null);
        if (wanted.Assigned.Count != wanted.Count - partitions)
            return (ErrorCode.InvalidReplicaAssignment, $"{wanted.Count - partitions} new partitions, but replicas for {wanted.Assigned.Count}");
        return wanted.Assigned.Exists(brokers => brokers is not [Node.Id])
            ? (ErrorCode.InvalidReplicaAssignment, $"every partition has one replica, on broker {Node.Id}: there is no other") : (ErrorCode.None, null);
    }

    private static List<Wanted> Parse(Request request, out bool validateOnly)
    {
        var reader = request.Read();
        var wanted = new List<Wanted>();
        for (var t = reader.ReadArrayLength(); t > 0; t--)
        {
            var (name, count, assigned) = (reader.ReadString(), reader.ReadInt32(), reader.ReadArrayLength());
            var brokers = new List<int[]>();
            for (var a = assigned; a > 0; a--)
            {
                brokers.Add(reader.ReadInt32Array());
                reader.SkipTags();
            }
            reader.SkipTags();
            wanted.Add(new Wanted(name, count, assigned > 0 ? brokers : null));
        }
        reader.ReadInt32();
        validateOnly = reader.ReadBool();
        return wanted;
    }
}
