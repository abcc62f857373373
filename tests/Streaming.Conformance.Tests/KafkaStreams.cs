using System.Diagnostics;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>Kafka Streams itself: java/, compiled against the jars of ../shared/kafka and run once for many scripts.</summary>
static class KafkaStreams
{
    private static readonly string Sources = Path.Combine(Checkout.Root, "tests", "Streaming.Conformance.Tests", "java");

    /// <summary>Why it cannot be had here, or null.</summary>
    public static string? Missing { get; } = Checkout.ServersMissing("kafka") ?? (Checkout.Program("javac") is null ? "no Java compiler is installed" : null);

    /// <summary>Turns every NAME.in of a folder into NAME.out; the names of the cases it knows where there is no folder.</summary>
    public static async Task<IReadOnlyList<string>> PlayAsync(string? folder)
    {
        var classes = Directory.CreateTempSubdirectory("streams-oracle-");
        try
        {
            var libraries = Path.Combine(Checkout.Shared!, "kafka", "libs", "*");
            await RunAsync("javac", ["-J-XX:TieredStopAtLevel=1", "-proc:none", "-nowarn", "-d", classes.FullName, "-cp", libraries, .. Directory.GetFiles(Sources, "*.java")]);
            return await RunAsync("java", ["-XX:+UseSerialGC", "-Xmx512m", $"-Dlog4j2.configurationFile=file:{Path.Combine(Sources, "log4j2.properties")}",
                "-cp", $"{classes.FullName}:{libraries}", "Oracle", .. folder is null ? Array.Empty<string>() : [folder]]);
        }
        finally
        {
            classes.Delete(recursive: true);
        }
    }

    private static async Task<IReadOnlyList<string>> RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode == 0 ? (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}");
    }
}
