namespace Streams.Streaming.Conformance.Tests;

/// <summary>Where ours is meant to differ from Kafka Streams: what is expected of ours is made of its lines, so that everything else of them still counts.</summary>
/// <param name="Reason">Why ours is as it is.</param>
/// <param name="Of">The cases.</param>
/// <param name="Expected">Of the lines that Kafka Streams wrote for a record, and the record's number.</param>
sealed record Deliberate(string Reason, Func<string, bool> Of, Func<IEnumerable<string>, int, IEnumerable<string>> Expected)
{
    public static IReadOnlyList<Deliberate> All { get; } =
    [
        new("A window's final result has no headers: those of the record that happened to close it are none of the window's, and a time marker may close it too.",
            name => name.EndsWith("-onClose", StringComparison.Ordinal),
            (lines, _) => lines.Select(line => WithHeaders(line, ""))),
        new("What was held back has no headers: the buffer keeps keys, values and times.",
            name => name.Contains("suppress", StringComparison.Ordinal),
            (lines, _) => lines.Select(line => WithHeaders(line, ""))),
        new("A session's update has the headers of the record that made it, as updates of other windows have.",
            name => name.StartsWith("session-", StringComparison.Ordinal) && !name.EndsWith("-onClose", StringComparison.Ordinal) && !name.EndsWith("-suppress", StringComparison.Ordinal),
            (lines, number) => lines.Select(line => WithHeaders(line, $"n={number}"))),
        new("A sliding window is made once. Where the window after the previous record ends with the record, Kafka Streams makes it a second time as the record's own, and shows the same update twice.",
            name => name.StartsWith("sliding-", StringComparison.Ordinal),
            (lines, _) => lines.Distinct()),
        new("The first count of a key replaces nothing. Kafka Streams passes the initializer's 0 on as the old value, so that a group of zeros, which nothing was ever in, is deleted.",
            name => name == "table-count-groupBy",
            (lines, _) => lines.Where(line => !line.StartsWith("out\tn0\t~\t", StringComparison.Ordinal))),
    ];

    /// <summary>What is expected of ours, up to where the two go apart.</summary>
    public static Sequence Apply(string name, Sequence theirs)
    {
        var differences = All.Where(d => d.Of(name)).ToList();
        return new Sequence(theirs.Name,
            [.. Parting.Together(name, theirs.Steps).Select((step, number) => step with { Outputs = [.. differences.Aggregate<Deliberate, IEnumerable<string>>(step.Outputs, (lines, d) => d.Expected(lines, number))] })]);
    }

    private static string WithHeaders(string line, string headers) => line[..(line.LastIndexOf('\t') + 1)] + headers;
}
