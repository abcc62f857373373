using System.Text;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>Ours against Kafka Streams', record by record.</summary>
static class Comparison
{
    /// <summary>One sequence in so many may end early; see <see cref="Parting"/>.</summary>
    private const int MostParted = 20;

    /// <summary>Plays a script's sequences on a case and fails at the first difference that is not deliberate.</summary>
    public static void Compare(Case each, Script script)
    {
        Assert.NotEmpty(script.Sequences);
        var parted = 0;
        foreach (var theirs in script.Sequences)
        {
            var expected = Deliberate.Apply(each.Name, theirs);
            var difference = Difference(expected, Ours.Play(each.Build(), theirs));
            Assert.True(difference is null, $"{each.Name}, seed {OracleRun.Seed}: {difference}");
            if (expected.Steps.Count < theirs.Steps.Count) parted++;
        }
        Assert.True(parted * MostParted <= script.Sequences.Count, $"{each.Name}: {parted} of {script.Sequences.Count} sequences part on the way");
    }

    /// <summary>The first difference with what led to it, or null.</summary>
    public static string? Difference(Sequence theirs, Sequence ours)
    {
        for (var i = 0; i < theirs.Steps.Count; i++)
        {
            var expected = Lines(theirs.Steps[i]);
            var actual = Lines(ours.Steps[i]);
            if (!expected.SequenceEqual(actual)) return Told(theirs, i, expected, actual);
        }
        return null;
    }

    /// <summary>Topics have no order among each other, so they are compared one by one; within a topic the order counts.</summary>
    private static List<string> Lines(Step step) =>
        [.. step.Outputs.OrderBy(line => line[..line.IndexOf('\t', StringComparison.Ordinal)], StringComparer.Ordinal)];

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
