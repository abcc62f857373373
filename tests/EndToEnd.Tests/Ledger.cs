using System.Diagnostics;

namespace Streams.EndToEnd.Tests;

/// <summary>The PostgreSQL of the tests: STREAMS_POSTGRES where it is set, as `./streams test` does, else what eng/provide-postgres provides.</summary>
static class Ledger
{
    public static string ConnectionString { get; } = Environment.GetEnvironmentVariable("STREAMS_POSTGRES") is { Length: > 0 } given ? given : Provide();

    static string Provide()
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(RealServers.Repository, "eng", "provide-postgres")) { RedirectStandardOutput = true })!;
        var text = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("eng/provide-postgres printed nothing");
        process.WaitForExit();
        return text;
    }
}
