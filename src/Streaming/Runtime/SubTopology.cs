namespace Streams.Streaming.Runtime;

/// <summary>Nodes that must run in one task: connected by edges or by a store they share. Numbered by their first node's place.</summary>
internal sealed class SubTopology(int id, IReadOnlyList<NodeSpec> nodes, IReadOnlyList<StoreSpec> stores, string applicationId)
{
    public int Id { get; } = id;

    /// <summary>In order of declaration: parents before children.</summary>
    public IReadOnlyList<NodeSpec> Nodes { get; } = nodes;

    public IReadOnlyList<StoreSpec> Stores { get; } = stores;

    /// <summary>With the application's id in front of internal ones.</summary>
    public IReadOnlyList<string> SourceTopics { get; } = Topics(nodes, NodeKind.Source, applicationId);

    public IReadOnlyList<string> SinkTopics { get; } = Topics(nodes, NodeKind.Sink, applicationId);

    public static IReadOnlyList<SubTopology> Split(IReadOnlyList<NodeSpec> nodes, IReadOnlyList<StoreSpec> stores, string applicationId)
    {
        var group = new Dictionary<NodeSpec, int>();
        for (var i = 0; i < nodes.Count; i++)
            group[nodes[i]] = i;
        foreach (var node in nodes)
        {
            foreach (var parent in node.Parents)
                Unite(group, group[node], group[parent]);
            foreach (var sharer in nodes.Where(other => other.Stores.Intersect(node.Stores).Any()))
                Unite(group, group[node], group[sharer]);
        }
        return [.. nodes.GroupBy(n => group[n]).Select((members, id) => Of(id, [.. members], stores, applicationId))];
    }

    private static SubTopology Of(int id, List<NodeSpec> members, IReadOnlyList<StoreSpec> stores, string applicationId)
    {
        var used = members.SelectMany(n => n.Stores).ToHashSet(StringComparer.Ordinal);
        return new SubTopology(id, members, [.. stores.Where(s => used.Contains(s.Name))], applicationId);
    }

    private static IReadOnlyList<string> Topics(IReadOnlyList<NodeSpec> nodes, NodeKind kind, string applicationId) =>
        [.. nodes.Where(n => n.Kind == kind).SelectMany(n => n.Topics).Select(t => t.Of(applicationId)).Distinct()];

    private static void Unite(Dictionary<NodeSpec, int> group, int one, int other)
    {
        var (from, to) = (Math.Max(one, other), Math.Min(one, other));
        foreach (var node in group.Where(g => g.Value == from).Select(g => g.Key).ToList())
            group[node] = to;
    }
}
