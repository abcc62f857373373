namespace Streams.Streaming.Conformance.Tests;

/// <summary>Where ours is meant to differ from Kafka Streams: what is expected of ours is made of its line, so that everything else of the line still counts.</summary>
/// <param name="Reason">Why ours is as it is.</param>
/// <param name="Of">The cases.</param>
/// <param name="Expected">A line of Kafka Streams, and the number of the record that it came from; null where ours has none.</param>
sealed record Deliberate(string Reason, Func<string, bool> Of, Func<string, int, string?> Expected)
{
    public static IReadOnlyList<Deliberate> All { get; } =
    [
        new("A window's final result has no headers: those of the record that happened to close it are none of the window's, and a time marker may close it too.",
            name => name.EndsWith("-onClose", StringComparison.Ordinal),
            (line, _) => WithHeaders(line, "")),
        new("What was held back has no headers: the buffer keeps keys, values and times.",
            name => name.Contains("suppress", StringComparison.Ordinal),
            (line, _) => WithHeaders(line, "")),
        new("A session's update has the headers of the record that made it, as updates of other windows have.",
            name => name.StartsWith("session-", StringComparison.Ordinal) && !name.EndsWith("-onClose", StringComparison.Ordinal) && !name.EndsWith("-suppress", StringComparison.Ordinal),
            (line, number) => WithHeaders(line, $"n={number}")),
        new("The first count of a key replaces nothing. Kafka Streams passes the initializer's 0 on as the old value, so that a group of zeros, which nothing was ever in, is deleted.",
            name => name == "table-count-groupBy",
            (line, _) => line.StartsWith("out\tn0\t~\t", StringComparison.Ordinal) ? null : line),
    ];

    private static string WithHeaders(string line, string headers) => line[..(line.LastIndexOf('\t') + 1)] + headers;

    /// <summary>What is expected of ours.</summary>
    public static Sequence Apply(string name, Sequence theirs)
    {
        var differences = All.Where(d => d.Of(name)).ToList();
        return differences.Count == 0 ? theirs : new Sequence(theirs.Name, [.. theirs.Steps.Select((step, number) => step with { Outputs = [.. Lines(step, number, differences)] })]);
    }

    private static IEnumerable<string> Lines(Step step, int number, List<Deliberate> differences)
    {
        foreach (var line in step.Outputs)
        {
            var expected = differences.Aggregate<Deliberate, string?>(line, (made, difference) => made is null ? null : difference.Expected(made, number));
            if (expected is not null) yield return expected;
        }
    }
}
