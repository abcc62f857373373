using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Planted;

/// <summary>A reader of the model's partitions with its session and its positions.</summary>
internal sealed class ModelReader(Journal journal, ModelPartition[] partitions, int client, bool readCommitted)
{
    private Session? _session;
    private readonly Dictionary<int, long> _positions = [];

    public IReadOnlyDictionary<int, long> Positions => _positions;

    public void Start(IReadOnlyDictionary<int, long> starts, bool final = false)
    {
        _session = journal.Open(client, readCommitted, new Dictionary<int, long>(starts), final);
        _positions.Clear();
        foreach (var (partition, offset) in starts) _positions[partition] = offset;
    }

    /// <summary>Reads one record of the partition into the operation; false where there is none.</summary>
    public bool Read(Operation operation, int partition)
    {
        if (partitions[partition].Next(_positions[partition], readCommitted) is not { } found) return false;
        operation.Reads.Add(new Read(_session!.Id, partition, found.Offset, found.Value, journal.Tick()));
        _positions[partition] = found.Offset + 1;
        return true;
    }
}
