using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Streams.Testing;

/// <summary>A server of ../shared for a class or collection of tests; nothing is started where it or Java is missing.</summary>
public abstract class RealServer(string name, params string[] settings) : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory($"streams-{name}-");

    /// <summary>Why it cannot be used here, or null.</summary>
    public string? Missing { get; } = Checkout.ServersMissing(name);

    /// <summary>What the start printed, or null where the server is missing.</summary>
    protected string? Printed { get; private set; }

    private string Script => Path.Combine(Checkout.Shared!, name, name);

    public async Task InitializeAsync()
    {
        if (Missing is null) Printed = await RunAsync(Script, ["start", "--dir", _folder.FullName, "--port", $"{FreePorts()}", .. settings]);
    }

    /// <summary>A command of the server's script, such as <c>stop --kill</c> or <c>resume</c>.</summary>
    public Task<string> CommandAsync(params string[] command) => RunAsync(Script, [.. command, "--dir", _folder.FullName]);

    /// <summary>A tool of the server's script, such as <c>tool topics --list</c>.</summary>
    public Task<string> ToolAsync(params string[] command) => RunAsync(Script, command);

    public async Task DisposeAsync()
    {
        if (Missing is null) await CommandAsync("stop");
        _folder.Delete(recursive: true);
    }

    private static async Task<string> RunAsync(string script, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(script, arguments) { RedirectStandardOutput = true })!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        var lines = new List<string>();
        // The servers inherit the pipe, so that its end never comes: read until the script itself has ended.
        process.OutputDataReceived += (_, e) => { if (e.Data is not null) lock (lines) lines.Add(e.Data); };
        process.BeginOutputReadLine();
        while (!process.HasExited) await Task.Delay(50, deadline.Token);
        await Task.Delay(100, deadline.Token);
        string output;
        lock (lines) output = string.Join('\n', lines);
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{script} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
    }

    /// <summary>A port that is free together with the next one, which Kafka's controller takes.</summary>
    public static int FreePorts()
    {
        while (true)
        {
            // Below the ports that the system gives to outgoing connections, which might take them before the server does.
            var port = Random.Shared.Next(20_000, 32_000);
            using var first = new TcpListener(IPAddress.Loopback, port);
            using var second = new TcpListener(IPAddress.Loopback, port + 1);
            try
            {
                first.Start();
                second.Start();
                return port;
            }
            catch (SocketException)
            {
                continue; // taken; try another pair
            }
        }
    }
}

/// <summary>Apache Kafka, with short waits for what it checks only now and then.</summary>
public class RealKafka() : RealServer("kafka", "--heap", "512m",
    "--set", "group.min.session.timeout.ms=1000", "--set", "group.consumer.assignment.interval.ms=0", "--set", "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000",
    "--set", "log.retention.check.interval.ms=1000", "--set", "log.cleaner.backoff.ms=500", "--set", "log.initial.task.delay.ms=500")
{
    public string? BootstrapServers => Printed?[(Printed.IndexOf("bootstrap=", StringComparison.Ordinal) + "bootstrap=".Length)..];
}

public class RealRegistry() : RealServer("registry")
{
    public string? Url => Printed;
}
