using System.Buffers.Binary;
using Streams.Streaming.Chaos.Tests.Evidence;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>What the ledger does to one partition, as plainly as it can be said.</summary>
internal sealed class LedgerModel(int partition)
{
    private readonly Dictionary<string, (long Count, long Sum)> totals = [];
    private readonly Dictionary<long, long> seen = [];

    public List<string> Output { get; } = [];

    public List<string> Duplicates { get; } = [];

    public List<string> Dead { get; } = [];

    public Dictionary<string, string> Totals => totals.ToDictionary(t => t.Key, t => $"{t.Value.Count:X16}{t.Value.Sum:X16}");

    public Dictionary<string, string> Seen => seen.ToDictionary(s => $"{s.Key:X16}", s => $"{s.Value:X16}");

    public void Take(TopicRecord record)
    {
        if (record.Key is null)
        {
            Dead.Add($"{partition}/{record.Offset} KEY_MISSING");
            return;
        }
        if (record.Value!.Length > 16)
        {
            Dead.Add($"{partition}/{record.Offset} PROCESSING_FAILED");
            return;
        }
        foreach (var (old, _) in seen.Where(s => s.Value < record.Offset - Ledger.Horizon).ToList()) seen.Remove(old);
        var id = BinaryPrimitives.ReadInt64BigEndian(record.Value);
        var key = Convert.ToHexString(record.Key);
        if (seen.ContainsKey(id))
        {
            Duplicates.Add($"{key} {id:X16}{record.Offset:X16} {record.Timestamp}");
            return;
        }
        var (count, sum) = totals.GetValueOrDefault(key);
        totals[key] = (count, sum) = (count + 1, sum + BinaryPrimitives.ReadInt64BigEndian(record.Value.AsSpan(8)));
        seen[id] = record.Offset;
        Output.Add($"{key} {count:X16}{sum:X16}{partition:X8}{record.Offset:X16} {record.Timestamp}");
    }
}
