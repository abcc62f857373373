using System.Diagnostics;
using Streams.Broker.Clients.Tests.Confluent;

namespace Streams.Broker.Clients.Tests.Kcat;

/// <summary>Runs kcat.</summary>
abstract class KcatKit(Target target) : Kit(target)
{
    /// <summary>Writes lines to partition 0.</summary>
    protected Task ProduceAsync(string topic, string input, params string[] arguments) =>
        Program.OutputAsync("kcat", ["-b", Servers, "-P", "-t", topic, "-p", "0", "-m", "20", .. arguments], input);

    /// <summary>Reads partition 0 to its end, a line a record.</summary>
    protected async Task<string[]> ReadAsync(string topic, params string[] arguments) =>
        Lines(await Program.OutputAsync("kcat", ["-b", Servers, "-C", "-t", topic, "-p", "0", "-e", "-q", "-m", "20", .. arguments]));

    protected Process Start(params string[] arguments) => Program.Start("kcat", ["-b", Servers, "-m", "20", .. arguments]);

    protected static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    protected static string Input(IEnumerable<string> lines) => string.Concat(lines.Select(l => $"{l}\n"));
}
