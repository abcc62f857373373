using System.Diagnostics;

namespace Streams.EndToEnd.Tests;

/// <summary>The PostgreSQL server that eng/provide-postgres provides; one for all tests, each of which makes its own database.</summary>
static class PostgresServer
{
    public static Lazy<Task<string>> Provided { get; } = new(ProvideAsync);

    static async Task<string> ProvideAsync()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Streams.sln"))) folder = folder.Parent;
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(folder.FullName, "eng/provide-postgres")) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException("eng/provide-postgres failed");
    }
}
