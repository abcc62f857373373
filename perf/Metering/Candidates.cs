using System.Text.Json;

namespace Streams.Perf.Metering;

/// <summary>Who takes part in the main table, and with which settings.</summary>
static class Candidates
{
    public static readonly IReadOnlyList<string> Default =
        ["streams", "streams-1s", "streams-2t", "kafka-streams-memory", "kafka-streams-rocksdb", "kafka-streams-memory-2t", "flink-heap-10s"];

    public static readonly IReadOnlyDictionary<string, string[]> All = new Dictionary<string, string[]>
    {
        ["streams"] = ["streams"],
        ["streams-1s"] = ["streams", "--commit-ms", "1000"],
        ["streams-2t"] = ["streams", "--threads", "2"],
        ["kafka-streams-memory"] = ["kafka-streams", "--store", "memory"],
        ["kafka-streams-memory-1s"] = ["kafka-streams", "--store", "memory", "--commit-ms", "1000"],
        ["kafka-streams-memory-2t"] = ["kafka-streams", "--store", "memory", "--threads", "2"],
        ["kafka-streams-rocksdb"] = ["kafka-streams", "--store", "rocksdb"],
        ["kafka-streams-rocksdb-2t"] = ["kafka-streams", "--store", "rocksdb", "--threads", "2"],
        ["flink-heap-1s"] = ["flink", "--store", "memory", "--checkpoint-ms", "1000"],
        ["flink-heap-10s"] = ["flink", "--store", "memory", "--checkpoint-ms", "10000"],
        ["flink-heap-10s-2t"] = ["flink", "--store", "memory", "--checkpoint-ms", "10000", "--threads", "2"],
        ["flink-rocksdb"] = ["flink", "--store", "rocksdb"],
    };

    public static JsonElement Run(string name, string bootstrap, string input, string output, string folder)
    {
        var command = All.GetValueOrDefault(name) ?? throw new ArgumentException($"no candidate is called {name}");
        if (command[0] == "streams") return Child.Measure("dotnet", Child.Streams(bootstrap, input, output, command[1..]));
        string[] peer = [command[0], "--bootstrap", bootstrap, "--input", input, "--output", output, "--state-dir", Path.Combine(folder, output)];
        return Child.Measure(Path.Combine(Places.Shared, "perf/peers/run"), [.. peer, .. command[1..]]);
    }
}
