using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Streams.Streaming.Tests;

/// <summary>The real Apache Kafka of the shared folder beside the repository, on a free port.</summary>
public sealed class ApacheKafka : IBroker
{
    private readonly string? script = Script();
    private readonly string directory = Path.Combine(Path.GetTempPath(), "streaming-kafka-" + Guid.NewGuid().ToString("N"));

    public ApacheKafka()
    {
        Missing = script is null ? "../shared/kafka is not there" : HasJava() ? null : "Java is not installed";
        if (Missing is not null)
            return;
        var port = FreePortPair();
        Run(script!, "start", "--dir", directory, "--port", port.ToString(CultureInfo.InvariantCulture), "--heap", "512m",
            // Short waits for what Kafka only checks now and then.
            "--set", "group.min.session.timeout.ms=1000", "--set", "group.consumer.min.session.timeout.ms=1000", "--set", "group.consumer.session.timeout.ms=6000",
            "--set", "group.consumer.min.heartbeat.interval.ms=100", "--set", "group.consumer.heartbeat.interval.ms=500", "--set", "group.consumer.assignment.interval.ms=0",
            "--set", "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000");
        BootstrapServers = $"127.0.0.1:{port}";
    }

    public string? Missing { get; }

    public string BootstrapServers { get; } = "";

    public void Dispose()
    {
        if (Missing is not null)
            return;
        Run(script!, "stop", "--dir", directory, "--kill");
        Directory.Delete(directory, recursive: true);
    }

    private static string? Script()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Streams.sln")))
            {
                var path = Path.Combine(at.Parent?.FullName ?? "/", "shared", "kafka", "kafka");
                return File.Exists(path) ? path : null;
            }
        }
        return null;
    }

    private static bool HasJava() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "java")));

    /// <summary>Kafka takes the next port for its controller.</summary>
    private static int FreePortPair()
    {
        while (true)
        {
            using var first = new TcpListener(IPAddress.Loopback, 0);
            first.Start();
            var port = ((IPEndPoint)first.LocalEndpoint).Port;
            try
            {
                using var second = new TcpListener(IPAddress.Loopback, port + 1);
                second.Start();
                return port;
            }
            catch (SocketException)
            {
                continue;
            }
        }
    }

    private static void Run(string command, params string[] arguments)
    {
        // Output goes nowhere: the broker would inherit a pipe and keep it open.
        using var process = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", command, .. arguments]))!;
        if (!process.WaitForExit(TimeSpan.FromSeconds(90)) || process.ExitCode != 0)
            throw new InvalidOperationException($"{command} {string.Join(' ', arguments)} failed");
    }
}
