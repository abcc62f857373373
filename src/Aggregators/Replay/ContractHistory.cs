using System.Text.Json;
using Streams.Aggregators.Editions;
using Streams.Schemas;

namespace Streams.Aggregators.Replay;

/// <summary>What topic contracts.editions says: every definition that ever held, and from which positions on.</summary>
public sealed class ContractHistory
{
    readonly Dictionary<string, ContractEntry> _definitions = new(StringComparer.Ordinal);
    readonly SortedDictionary<(string Topic, int Partition), SortedDictionary<(long Offset, int Part), TakeUp>> _taken = [];

    /// <summary>Takes a record of the topic.</summary>
    /// <exception cref="ReplayException">It is not what the pipeline wrote: a definition or edition whose hash is not its key, or no such record at all.</exception>
    public void Add(string key, ReadOnlyMemory<byte> value)
    {
        try
        {
            using var json = JsonDocument.Parse(value);
            if (EditionRecords.ReadTakeUp(json.RootElement) is { } taken)
            {
                if (!_taken.TryGetValue((taken.Topic, taken.Partition), out var ofPartition)) _taken[(taken.Topic, taken.Partition)] = ofPartition = [];
                ofPartition[(taken.Offset, taken.Part)] = taken;
                return;
            }
            if (EditionRecords.Hash(value.Span) != key) throw new ReplayException($"{Topics.ContractEditions}: what stands under {key} has another hash: it was changed");
            if (EditionRecords.ReadDefinition(json.RootElement) is { } entry) _definitions[key] = entry;
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ReplayException($"{Topics.ContractEditions}: the record of key {key} cannot be read: {e.Message}");
        }
    }

    /// <summary>What a partition took up, in order.</summary>
    public IReadOnlyList<TakeUp> Of(string topic, int partition) => _taken.TryGetValue((topic, partition), out var taken) ? [.. taken.Values] : [];

    /// <exception cref="ReplayException">It is missing.</exception>
    public ContractEntry Definition(string hash) =>
        _definitions.GetValueOrDefault(hash) ?? throw new ReplayException($"{Topics.ContractEditions}: definition {hash} is missing");
}
