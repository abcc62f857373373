using System.Diagnostics;
using Xunit;

namespace Streams.Testing;

/// <summary>A server of ../shared for a class or collection of tests; nothing is started where it or Java is missing.</summary>
public abstract class RealServer(string name, params string[] settings) : IAsyncLifetime
{
    /// <summary>On a machine with much else to do a server may miss the minute that its script gives it.</summary>
    private const int Attempts = 3;

    private readonly DirectoryInfo _parent = Directory.CreateTempSubdirectory($"streams-{name}-");
    private string _folder = "";
    private int _commands;

    /// <summary>Why it cannot be used here, or null.</summary>
    public string? Missing { get; } = Checkout.ServersMissing(name);

    /// <summary>What the start printed, or null where the server is missing.</summary>
    protected string? Printed { get; private set; }

    /// <summary>Kafka's bootstrap servers.</summary>
    protected string? Bootstrap => Printed?[(Printed.IndexOf("bootstrap=", StringComparison.Ordinal) + "bootstrap=".Length)..];

    private string Script => Path.Combine(Checkout.Shared!, name, name);

    public async Task InitializeAsync()
    {
        for (var attempt = 1; Missing is null && Printed is null; attempt++)
        {
            _folder = Path.Combine(_parent.FullName, $"{attempt}");
            try
            {
                Printed = await RunAsync(["start", "--dir", _folder, "--port", $"{FreePorts.Take()}", .. settings]);
            }
            catch (InvalidOperationException e) when (attempt < Attempts)
            {
                Console.Error.WriteLine($"{name} is started once more: {e.Message}");
                await StopAsync();
            }
        }
    }

    /// <summary>A command of the server's script, such as <c>stop --kill</c> or <c>resume</c>.</summary>
    public Task<string> CommandAsync(params string[] command) => RunAsync([.. command, "--dir", _folder]);

    /// <summary>A tool of the server's script, such as <c>tool topics --list</c>.</summary>
    public Task<string> ToolAsync(params string[] command) => RunAsync(command);

    public async Task DisposeAsync()
    {
        await StopAsync();
        _parent.Delete(recursive: true);
    }

    // What it holds is deleted, so that it need not end in good order.
    private async Task StopAsync()
    {
        if (Directory.Exists(_folder) && Directory.EnumerateFiles(_folder, "*.pid").Any()) await CommandAsync(name == "kafka" ? ["stop", "--kill"] : ["stop"]);
    }

    /// <summary>The servers outlive their script and hold what it writes to: files have all of it when it ends, pipes would have to be waited for.</summary>
    private async Task<string> RunAsync(params string[] command)
    {
        var files = Path.Combine(_parent.FullName, $"command-{Interlocked.Increment(ref _commands)}");
        var (output, errors) = ($"{files}.out", $"{files}.err");
        using var process = Process.Start("/bin/bash", ["-c", "exec \"${@:3}\" > \"$1\" 2> \"$2\"", name, output, errors, Script, .. command]);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(150));
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
        return process.ExitCode == 0 ? (await File.ReadAllTextAsync(output)).TrimEnd()
            : throw new InvalidOperationException($"{name} {string.Join(' ', command)} ended with {process.ExitCode}: {await File.ReadAllTextAsync(output)}{await File.ReadAllTextAsync(errors)}");
    }
}

/// <summary>Apache Kafka, with short waits for what it checks only now and then.</summary>
public class RealKafka() : RealServer("kafka", "--heap", "512m",
    "--set", "group.min.session.timeout.ms=1000", "--set", "group.consumer.assignment.interval.ms=0", "--set", "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000",
    "--set", "log.retention.check.interval.ms=1000", "--set", "log.cleaner.backoff.ms=500", "--set", "log.initial.task.delay.ms=500")
{
    public string? BootstrapServers => Bootstrap;
}

public class RealRegistry() : RealServer("registry")
{
    public string? Url => Printed;
}
