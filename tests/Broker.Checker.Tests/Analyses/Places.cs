using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Analyses;

/// <summary>One value has one place, one place has one value, and both are what the writer was told.</summary>
internal static class Places
{
    public static void CheckDuplicates(Events history, Finding finding)
    {
        var places = new Dictionary<Value, (int Partition, long Offset)>();
        foreach (var read in history.Reads)
        {
            var place = (read.Partition, read.Offset);
            if (places.TryAdd(read.Value, place)) finding.Checked++;
            else if (places[read.Value] != place) finding.Anomaly($"{read.Value} is at {read.Partition}@{read.Offset} and at {places[read.Value]}");
        }
    }

    public static void CheckOffsets(Events history, Finding finding)
    {
        var values = new Dictionary<(int Partition, long Offset), Value>();
        foreach (var read in history.Reads) CheckPlace(values, (read.Partition, read.Offset), read.Value, finding);
        foreach (var (_, write) in history.Writes.Values)
        {
            if (write.Outcome != Outcome.Fail && write.Offset is { } offset) CheckPlace(values, (write.Partition, offset), write.Value, finding);
        }
    }

    private static void CheckPlace(Dictionary<(int, long), Value> values, (int Partition, long Offset) place, Value value, Finding finding)
    {
        if (values.TryAdd(place, value)) finding.Checked++;
        else if (values[place] != value) finding.Anomaly($"{place.Partition}@{place.Offset} is {values[place]} and {value}");
    }
}
