using System.Text.RegularExpressions;

namespace Streams.Architecture.Tests;

/// <summary>Rules about the text of the program.</summary>
public sealed class TidyTests
{
    /// <summary>Files that may break a rule, and why.</summary>
    static readonly Dictionary<string, string> Clocks = new(StringComparer.Ordinal)
    {
        ["src/Aggregators/Metering/MeteringBenchmark.cs"] = "measures how long the process has been running",
        ["src/Streaming/KafkaStream.cs"] = "names an instance that was given no name; no record depends on it",
    };

    static readonly Dictionary<string, string> Floats = new(StringComparer.Ordinal)
    {
        ["src/Aggregators/Metering/MeteringBenchmark.cs"] = "seconds, rates and megabytes of a measurement",
        ["src/Aggregators/Telemetry.cs"] = "seconds of a histogram",
        ["src/ErpSink/Telemetry.cs"] = "seconds of a histogram",
        ["src/ErpSink/Status/ErpSinkStatus.cs"] = "the age in seconds that a gauge shows",
    };

    [Fact]
    public void No_file_has_more_than_600_lines() =>
        None(Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs")).Where(f => Repository.Read(f).Count(c => c == '\n') > 600));

    [Fact]
    public void Nothing_is_left_for_later() =>
        None(Find("src", @"\b(TODO|FIXME|XXX|HACK|NotImplementedException)\b", Repository.Read));

    [Theory]
    [InlineData("src/Aggregators")]
    [InlineData("src/Streaming")]
    [InlineData("src/Schemas")]
    [InlineData("src/Rating")]
    public void The_deterministic_core_has_no_clock_no_chance_and_no_sleep(string folder) =>
        None(Find(folder, @"\bDateTime(Offset)?\.(Utc)?(Now|Today)\b|\bGuid\.NewGuid\b|\bRandom\.Shared\b|\bnew Random\(\)|\bThread\.Sleep\b", Repository.Code).Where(h => !Clocks.ContainsKey(h.File)));

    [Theory]
    [InlineData("src/Aggregators")]
    [InlineData("src/ErpSink")]
    [InlineData("src/Schemas")]
    [InlineData("src/Rating")]
    public void No_binary_floating_point_near_money(string folder) =>
        None(Find(folder, @"\b(double|float)\b", Repository.Code).Where(h => !Floats.ContainsKey(h.File) && !h.File.StartsWith("src/Schemas/Avro/", StringComparison.Ordinal)
            && !h.File.StartsWith("src/Schemas/Generator/", StringComparison.Ordinal)));

    [Fact]
    public void Exceptions_to_the_rules_are_still_needed() => Assert.All(Clocks.Keys.Concat(Floats.Keys), file => Assert.True(File.Exists(Path.Combine(Repository.Top, file)), file));

    /// <summary>An exception may be expected; then a comment says so.</summary>
    [Fact]
    public void No_exception_is_swallowed_without_a_word() => None(Find("src", @"\bcatch\b[^{};]*\{\s*\}", Repository.Read));

    [Fact]
    public void No_wait_is_a_sleep_in_tests() =>
        None(Find("tests", @"\bThread\.Sleep\b", Repository.Code));

    static IEnumerable<(string File, int Line, string Text)> Find(string folder, string pattern, Func<string, string> text) =>
        from file in Repository.Files(folder, "*.cs")
        let content = text(file)
        from Match match in Regex.Matches(content, pattern)
        select (file, 1 + content.AsSpan(0, match.Index).Count('\n'), match.Value);

    static void None<T>(IEnumerable<T> found) => Assert.True(!found.Any(), string.Join('\n', found));
}
