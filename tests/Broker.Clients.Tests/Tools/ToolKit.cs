using Streams.Broker.Clients.Tests.Confluent;

namespace Streams.Broker.Clients.Tests.Tools;

/// <summary>Runs Kafka's tools.</summary>
abstract class ToolKit(Target target) : Kit(target)
{
    private static string Script => Path.Combine(Checkout.Shared!, "kafka", "kafka");

    /// <summary>Runs a tool against the broker; it must end with 0.</summary>
    protected Task<string> ToolAsync(string tool, params string[] arguments) => OfflineAsync(tool, ["--bootstrap-server", Servers, .. arguments]);

    /// <summary>Runs a tool that is given all of its arguments.</summary>
    protected static Task<string> OfflineAsync(string tool, string[] arguments, string input = "") => Program.OutputAsync(Script, ["tool", tool, .. arguments], input);

    /// <summary>Runs a tool against the broker with lines on its standard input.</summary>
    protected Task<string> FeedAsync(string tool, string input, params string[] arguments) => OfflineAsync(tool, ["--bootstrap-server", Servers, .. arguments], input);

    protected static string[] Lines(string output) => output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
