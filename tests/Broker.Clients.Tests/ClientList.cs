using Streams.Broker.Clients.Tests.Confluent;
using Streams.Broker.Clients.Tests.Kcat;
using Streams.Broker.Clients.Tests.Tools;

namespace Streams.Broker.Clients.Tests;

/// <summary>The clients under test.</summary>
static class ClientList
{
    private const string TooOld = "not in this version of the client";

    private static readonly IReadOnlyList<Client> All = [new ConfluentClient(), new KcatClient(), PythonConfluent(), PythonKafka(), KafkaJs(), JavaClients(), new KafkaTools()];

    /// <summary>All of them, or those whose names contain STREAMS_CLIENTS.</summary>
    public static IReadOnlyList<Client> Chosen { get; } =
        [.. All.Where(c => c.Name.Contains(Environment.GetEnvironmentVariable("STREAMS_CLIENTS") ?? "", StringComparison.OrdinalIgnoreCase))];

    private static ProgramClient PythonConfluent() => new("python3-confluent-kafka 1.7.0", MissingPython("confluent_kafka"),
        Lacking(TooOld, Feature.ConsumerProtocol, Feature.DeleteRecords), "/usr/bin/python3", () => Task.FromResult<string[]>([Source("python/confluent.py")]));

    private static ProgramClient PythonKafka() => new("python3-kafka 2.0.2", MissingPython("kafka"),
        Lacking(TooOld, Feature.Idempotence, Feature.StaticMembers, Feature.Cooperative, Feature.ConsumerProtocol, Feature.Transactions, Feature.Isolation, Feature.Fencing,
            Feature.SendOffsets, Feature.DeleteRecords), "/usr/bin/python3", () => Task.FromResult<string[]>([Source("python/kafka_python.py")]));

    private static ProgramClient KafkaJs()
    {
        var modules = Path.Combine(Checkout.Root, ".streams", "clients", "node_modules");
        var missing = Checkout.Program("node") is null ? "Node.js is not installed" : Directory.Exists(Path.Combine(modules, "kafkajs")) ? null : "kafkajs is not installed (eng/provide-clients)";
        var lacks = Lacking(TooOld, Feature.StaticMembers, Feature.Cooperative, Feature.ConsumerProtocol);
        foreach (var codec in new[] { Feature.Snappy, Feature.Lz4, Feature.Zstd }) lacks[codec] = "only by plug-ins of others";
        return new ProgramClient("kafkajs 2.2.4", missing, lacks, "node", () => Task.FromResult<string[]>([Source("js/kafkajs.js"), modules]));
    }

    private static ProgramClient JavaClients() => new("Java client 4.3.0", JavaPrograms.Missing, Lacking(""), "java", async () => [.. await JavaPrograms.CommandAsync(), "JavaClient"]);

    private static string? MissingPython(string package) =>
        Directory.Exists($"/usr/lib/python3/dist-packages/{package}") ? null : $"Debian's Python package {package} is not installed (eng/provide-clients)";

    private static Dictionary<string, string> Lacking(string why, params string[] features) => features.ToDictionary(f => f, _ => why);

    private static string Source(string path) => Path.Combine(Checkout.Root, "tests", "Broker.Clients.Tests", path);
}
