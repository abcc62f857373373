using System.Diagnostics;

namespace Streams.Testing;

/// <summary>PostgreSQL by eng/provide-postgres: the server that tests share, each with a database of its own, or one that a test has to itself and may stop.</summary>
public sealed class PostgresServer : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streams-postgres-");

    private PostgresServer() => ConnectionString = Run("--in", _folder.FullName);

    /// <summary>The connection string of the shared one: STREAMS_POSTGRES where it is set, as `./streams test` does, else a private cluster.</summary>
    public static Lazy<Task<string>> Shared { get; } = new(() => Task.Run(() => Run()));

    public string ConnectionString { get; }

    /// <summary>A server of the test's own.</summary>
    public static PostgresServer Start() => new();

    /// <summary>Ends it: sessions are closed, what is committed is written.</summary>
    public void Stop() => Run("--in", _folder.FullName, "--stop");

    /// <summary>Ends it as a power cut would.</summary>
    public void Kill() => Run("--in", _folder.FullName, "--kill");

    /// <summary>Starts it again where it was.</summary>
    public void Resume() => Run("--in", _folder.FullName, "--resume");

    public void Dispose()
    {
        Stop();
        _folder.Delete(recursive: true);
    }

    private static string Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Checkout.Root, "eng", "provide-postgres"), arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"eng/provide-postgres {string.Join(' ', arguments)} failed");
    }
}
