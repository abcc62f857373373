using System.Diagnostics;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>Kafka Streams itself: java/, compiled against the jars of ../shared/kafka and run once for many scripts.</summary>
static class KafkaStreams
{
    private static readonly string Sources = Path.Combine(Checkout.Root, "tests", "Streaming.Conformance.Tests", "java");

    /// <summary>Why it cannot be had here, or null.</summary>
    public static string? Missing { get; } = Checkout.ServersMissing("kafka") ?? (Checkout.Program("javac") is null ? "no Java compiler is installed" : null);

    /// <summary>Turns every NAME.in of a folder into NAME.out; the names of the cases it knows where there is no folder.</summary>
    public static Task<IReadOnlyList<string>> PlayAsync(string? folder) => RunAsync("Oracle", folder is null ? [] : [folder]);

    /// <summary>Plays every NAME.in of a folder, of one sequence, on the driver and on an application at a broker; fails where they differ.</summary>
    /// <returns>Each case with the count of its results.</returns>
    public static Task<IReadOnlyList<string>> PlayLiveAsync(string bootstrapServers, string folder) => RunAsync("Live", [bootstrapServers, folder]);

    private static async Task<IReadOnlyList<string>> RunAsync(string program, string[] arguments)
    {
        var classes = Directory.CreateTempSubdirectory("streams-oracle-");
        try
        {
            var libraries = Path.Combine(Checkout.Shared!, "kafka", "libs", "*");
            await ProcessAsync("javac", ["-J-XX:TieredStopAtLevel=1", "-proc:none", "-nowarn", "-d", classes.FullName, "-cp", libraries, .. Directory.GetFiles(Sources, "*.java")]);
            return await ProcessAsync("java", ["-XX:+UseSerialGC", "-Xmx512m", $"-Dlog4j2.configurationFile=file:{Path.Combine(Sources, "log4j2.properties")}",
                "-cp", $"{classes.FullName}:{libraries}", program, .. arguments]);
        }
        finally
        {
            classes.Delete(recursive: true);
        }
    }

    private static async Task<IReadOnlyList<string>> ProcessAsync(string program, string[] arguments)
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
