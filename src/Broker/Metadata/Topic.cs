using System.Globalization;
using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>A topic: its identity, its configuration and its partitions' logs.</summary>
internal sealed class Topic(Guid id, string name, long defaultSegmentBytes)
{
    private Dictionary<string, string> _configs = [];

    public Guid Id { get; } = id;

    public string Name { get; } = name;

    /// <summary>The settings as they were given. A change reaches the logs at once.</summary>
    public Dictionary<string, string> Configs
    {
        get => _configs;
        set
        {
            _configs = value;
            Config = LogConfig.From(value, defaultSegmentBytes);
            foreach (var partition in Partitions) partition.Config = Config;
        }
    }

    /// <summary>The settings as the logs take them.</summary>
    public LogConfig Config { get; private set; } = new() { SegmentBytes = defaultSegmentBytes };

    public PartitionLog[] Partitions { get; set; } = [];

    public PartitionLog? Find(int partition) => partition >= 0 && partition < Partitions.Length ? Partitions[partition] : null;

    public long Setting(string key, long otherwise) => Configs.TryGetValue(key, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;
}
