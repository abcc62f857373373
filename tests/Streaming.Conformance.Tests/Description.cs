using System.Text.RegularExpressions;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>
/// A topology's description made comparable: Kafka Streams lists a node's parents, children and stores in the order of hash tables, and writes the class that
/// chooses topics, where ours has a function. A foreign-key join's store has a number for a name there.
/// </summary>
static partial class Description
{
    public static string Comparable(IEnumerable<string> lines) => string.Join('\n', lines.Select(Line));

    private static string Line(string line)
    {
        line = ForeignResult().Replace(line, "foreign-result-store");
        line = Extractor().Replace(line, "(extractor class: TopicNameExtractor)");
        return List().Replace(line, match => match.Groups[1].Value + string.Join(", ", match.Groups[2].Value.Split(", ").Order(StringComparer.Ordinal)));
    }

    [GeneratedRegex(@"KTABLE-FK-JOIN-OUTPUT-STATE-STORE-\d+")]
    private static partial Regex ForeignResult();

    [GeneratedRegex(@"\(extractor class: .*\)$")]
    private static partial Regex Extractor();

    [GeneratedRegex(@"((?:--> |<-- |\(stores: \[))([^\]\)]+)")]
    private static partial Regex List();
}
