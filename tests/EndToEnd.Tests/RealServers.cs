using System.Diagnostics;

namespace Streams.EndToEnd.Tests;

/// <summary>The real Apache Kafka and schema registry beside the checkout, where they and Java are there.</summary>
static class RealServers
{
    /// <summary>The checkout's folder.</summary>
    public static string Repository { get; } = FindRepository();

    public static string? Shared { get; } = FindShared();

    /// <summary>Why they cannot be used here, or null.</summary>
    public static string? Missing =>
        Shared is null ? "../shared is not here" :
        !File.Exists(Path.Combine(Shared, "kafka", "kafka")) ? "../shared/kafka is not here" :
        !OnPath("java") ? "Java is not on the PATH" : null;

    /// <summary>Why the recorded data cannot be used here, or null.</summary>
    public static string? DataMissing => Shared is null || !Directory.Exists(Path.Combine(Shared, "data")) ? "../shared/data is not here" : null;

    public static string Data(string file) => Path.Combine(Shared!, "data", file);

    public static async Task<string> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Shared!, script)) { RedirectStandardOutput = true };
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

    static bool OnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));

    static string? FindShared()
    {
        var shared = Path.Combine(Path.GetDirectoryName(Repository)!, "shared");
        return Directory.Exists(shared) ? shared : null;
    }

    static string FindRepository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Streams.sln"))) return folder.FullName;
        }
        throw new InvalidOperationException("The tests do not run inside the checkout");
    }
}
