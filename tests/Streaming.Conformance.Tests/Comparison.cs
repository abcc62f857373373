using System.Text;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>Ours against Kafka Streams', record by record.</summary>
static class Comparison
{
    /// <summary>The first difference with what led to it, or null.</summary>
    /// <param name="headers">Whether output headers count too.</param>
    public static string? Difference(Sequence theirs, Sequence ours, bool headers)
    {
        for (var i = 0; i < theirs.Steps.Count; i++)
        {
            var expected = Lines(theirs.Steps[i], headers);
            var actual = Lines(ours.Steps[i], headers);
            if (!expected.SequenceEqual(actual)) return Told(theirs, i, expected, actual);
        }
        return null;
    }

    /// <summary>Topics have no order among each other, so they are compared one by one; within a topic the order counts.</summary>
    private static List<string> Lines(Step step, bool headers) =>
        [.. step.Outputs.OrderBy(line => line[..line.IndexOf('\t', StringComparison.Ordinal)], StringComparer.Ordinal).Select(line => headers ? line : line[..line.LastIndexOf('\t')])];

    private static string Told(Sequence theirs, int at, List<string> expected, List<string> actual)
    {
        var text = new StringBuilder($"sequence {theirs.Name}, record {at}\n");
        foreach (var step in theirs.Steps.Take(at))
        {
            text.Append(step.Input).Append('\n');
            foreach (var output in step.Outputs) text.Append("    < ").Append(output).Append('\n');
        }
        text.Append(theirs.Steps[at].Input).Append("   <-- here\n");
        foreach (var line in expected) text.Append("    Kafka Streams: ").Append(line).Append('\n');
        foreach (var line in actual) text.Append("    ours:          ").Append(line).Append('\n');
        return text.ToString();
    }
}
