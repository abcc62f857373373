using System.Globalization;
using System.Text;
using Confluent.Kafka;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>Plays sequences on our topologies as java/Oracle.java does on Kafka Streams'.</summary>
static class Ours
{
    /// <summary>The description, with the name of the other application's first line.</summary>
    public static IReadOnlyList<string> Describe(Topology topology) => [.. topology.Describe().TrimEnd().Split('\n').Select(line => line.TrimEnd())];

    public static Sequence Play(Topology topology, Sequence sequence)
    {
        using var driver = new TopologyTestDriver(topology, partitions: 1, applicationId: "app");
        var steps = new List<Step>();
        foreach (var (input, _) in sequence.Steps)
        {
            driver.PipeInput(input.Topic, 0, Bytes(input.Key), Bytes(input.Value), input.Timestamp, new Headers { { "n", Bytes($"{steps.Count}") } });
            steps.Add(new Step(input, [.. Outputs(driver)]));
        }
        return new Sequence(sequence.Name, steps);
    }

    /// <summary>What came out since this was last asked, topic by topic.</summary>
    private static IEnumerable<string> Outputs(TopologyTestDriver driver)
    {
        foreach (var topic in driver.ProducedTopicNames)
        {
            // Internal topics' names start with the application's.
            if (topic.StartsWith("app-", StringComparison.Ordinal)) continue;
            foreach (var output in driver.ReadOutput(topic))
            {
                var headers = string.Join(',', (output.Headers ?? []).Select(h => $"{h.Key}={Text(h.GetValueBytes())}"));
                yield return $"{topic}\t{Text(output.Key)}\t{Text(output.Value)}\t{output.Timestamp.ToString(CultureInfo.InvariantCulture)}\t{headers}";
            }
        }
    }

    private static byte[]? Bytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static string Text(byte[]? bytes) =>
        bytes is null ? "~" : Array.Exists(bytes, b => b is < 32 or > 126) ? "0x" + Convert.ToHexStringLower(bytes) : Encoding.UTF8.GetString(bytes);
}
