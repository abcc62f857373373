using System.Globalization;
using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>A topic: its identity, its configuration and its partitions' logs.</summary>
internal sealed class Topic(Guid id, string name)
{
    public Guid Id { get; } = id;

    public string Name { get; } = name;

    public Dictionary<string, string> Configs { get; set; } = [];

    public PartitionLog[] Partitions { get; set; } = [];

    public PartitionLog? Find(int partition) => partition >= 0 && partition < Partitions.Length ? Partitions[partition] : null;

    public long Setting(string key, long otherwise) => Configs.TryGetValue(key, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
