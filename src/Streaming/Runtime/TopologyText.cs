using System.Globalization;
using System.Text;

namespace Streams.Streaming.Runtime;

/// <summary>Kafka Streams' text form of a topology.</summary>
internal static class TopologyText
{
    public static string Write(IReadOnlyList<SubTopology> subTopologies, IReadOnlyList<GlobalStoreSpec> globalStores)
    {
        // The first sub-topology stands one column further in than the others, there as here.
        var text = new StringBuilder("Topologies:\n ");
        foreach (var sub in subTopologies)
        {
            text.Append(CultureInfo.InvariantCulture, $"  Sub-topology: {sub.Id}\n");
            foreach (var node in InOrder(sub.Nodes))
                WriteNode(text, node);
            text.Append('\n');
        }
        for (var i = 0; i < globalStores.Count; i++)
            WriteGlobal(text, subTopologies.Count + i, globalStores[i]);
        return text.ToString();
    }

    /// <summary>The nodes with the most behind them first (what several paths lead to counts for each), then by name.</summary>
    private static IEnumerable<NodeSpec> InOrder(IReadOnlyList<NodeSpec> nodes)
    {
        var sizes = new Dictionary<NodeSpec, double>();
        foreach (var node in nodes.Reverse())
            sizes[node] = 1 + node.Children.Sum(child => sizes[child]);
        return nodes.OrderByDescending(n => sizes[n]).ThenBy(n => n.Name, StringComparer.Ordinal);
    }

    private static void WriteNode(StringBuilder text, NodeSpec node)
    {
        var children = Names(node.Children);
        var parents = Names(node.Parents);
        text.Append(node.Kind switch
        {
            NodeKind.Source => $"    Source: {node.Name} (topics: [{string.Join(", ", node.Topics.Select(t => t.Name))}])\n      --> {children}\n",
            NodeKind.Sink => $"    Sink: {node.Name} ({(node.Topics.Count == 0 ? "extractor class: TopicNameExtractor" : $"topic: {node.Topics[0].Name}")})\n      <-- {parents}\n",
            _ => $"    Processor: {node.Name} (stores: [{string.Join(", ", node.Stores)}])\n      --> {children}\n      <-- {parents}\n",
        });
    }

    private static void WriteGlobal(StringBuilder text, int id, GlobalStoreSpec store) => text.Append(
        CultureInfo.InvariantCulture,
        $"""
          Sub-topology: {id} for global store (will not generate tasks)
            Source: {store.Source} (topics: [{store.Topic}])
              --> {store.Processor}
            Processor: {store.Processor} (stores: [{store.Name}])
              --> none
              <-- {store.Source}


        """);

    private static string Names(IReadOnlyList<NodeSpec> nodes) => nodes.Count == 0 ? "none" : string.Join(", ", nodes.Select(n => n.Name));
}
