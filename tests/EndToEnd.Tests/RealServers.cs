using System.Diagnostics;
using Streams.Testing;

namespace Streams.EndToEnd.Tests;

/// <summary>The real Apache Kafka and schema registry beside the checkout, where they and Java are there.</summary>
static class RealServers
{
    /// <summary>Why they cannot be used here, or null.</summary>
    public static string? Missing => Checkout.ServersMissing("kafka");

    /// <summary>Why the recorded data cannot be used here, or null.</summary>
    public static string? DataMissing => Checkout.Shared is null || !Directory.Exists(Path.Combine(Checkout.Shared, "data")) ? "../shared/data is not here" : null;

    public static string Data(string file) => Path.Combine(Checkout.Shared!, "data", file);

    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Checkout.Shared!, script)) { RedirectStandardOutput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        var lines = new List<string>();
        // The servers inherit the pipe, so its end never comes: read until the script itself has ended.
        process.OutputDataReceived += (_, e) => { if (e.Data is not null) lock (lines) lines.Add(e.Data); };
        process.BeginOutputReadLine();
        while (!process.HasExited) await Task.Delay(50, deadline.Token);
        await Task.Delay(100, deadline.Token);
        lock (lines) return process.ExitCode == 0 ? string.Join('\n', lines) : throw new InvalidOperationException($"{script} ended with {process.ExitCode}: {string.Join('\n', lines)}");
    }
}
