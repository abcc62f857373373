using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Streams.Broker.Tests.Registry;

/// <summary>Starts the real servers beside the repository (../shared), where they and Java are present.</summary>
static class RealServers
{
    /// <summary>The script of a server, or null where it or Java is missing.</summary>
    public static string? Script(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Streams.sln"))) folder = folder.Parent;
        var script = folder?.Parent is { } parent ? Path.Combine(parent.FullName, "shared", name, name) : null;
        var java = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "java")));
        return java && File.Exists(script) ? script : null;
    }

    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(script, arguments) { RedirectStandardOutput = true })!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{script} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }

    /// <summary>A port that is free together with the next one.</summary>
    public static int FreePorts()
    {
        while (true)
        {
            using var first = new TcpListener(IPAddress.Loopback, 0);
            first.Start();
            var port = ((IPEndPoint)first.LocalEndpoint).Port;
            using var second = new TcpListener(IPAddress.Loopback, port + 1);
            try
            {
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

/// <summary>A server of ../shared for a class of tests.</summary>
public abstract class RealServer(string name) : IAsyncLifetime
{
    readonly string? _script = RealServers.Script(name);
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory($"streams-{name}-");

    /// <summary>What the start printed, or null where the server is missing.</summary>
    protected string? Printed { get; private set; }

    public async Task InitializeAsync()
    {
        if (_script is null) return;
        Printed = await RealServers.RunAsync(_script, "start", "--dir", _folder.FullName, "--port", $"{RealServers.FreePorts()}");
    }

    /// <summary>A command of the server's script, such as stop --kill or resume.</summary>
    public Task CommandAsync(params string[] command) => RealServers.RunAsync(_script!, [.. command, "--dir", _folder.FullName]);

    public async Task DisposeAsync()
    {
        if (_script is not null) await CommandAsync("stop");
        _folder.Delete(recursive: true);
    }
}

public sealed class RealKafka() : RealServer("kafka")
{
    public string? BootstrapServers => Printed?[(Printed.IndexOf("bootstrap=", StringComparison.Ordinal) + "bootstrap=".Length)..];
}

public sealed class RealRegistry() : RealServer("registry")
{
    public string? Url => Printed;
}

/// <summary>One Apache Kafka for all registry tests.</summary>
[CollectionDefinition(nameof(RealKafka))]
public sealed class RealKafkaCollection : ICollectionFixture<RealKafka>;
