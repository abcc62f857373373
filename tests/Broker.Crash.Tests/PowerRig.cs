using System.Diagnostics;

namespace Streams.Broker.Crash.Tests;

/// <summary>The disk of <c>power-cut/rig</c>: clones of it are what a power cut leaves.</summary>
internal sealed class PowerRig : IDisposable
{
    private static readonly string Script = Path.Combine(Checkout.Root, "tests", "Broker.Crash.Tests", "power-cut", "rig");
    private static readonly Lazy<string?> WhyNot = new(() => OperatingSystem.IsLinux() ? Run("check") is { Length: > 0 } reason ? reason : null : "it needs Linux");
    private readonly string _folder = Directory.CreateTempSubdirectory("streams-power-").FullName;

    public PowerRig() => Run("up", _folder);

    /// <summary>Why it cannot be used here, or null.</summary>
    public static string? Missing => WhyNot.Value;

    /// <summary>A folder on the disk that is cut.</summary>
    public string Disk => Path.Combine(_folder, "disk");

    public void Cut(int number) => Run("cut", _folder, $"{number}");

    /// <summary>Does something in the folder where the clone is mounted.</summary>
    public void With(int number, Action<string> check)
    {
        Run("open", _folder, $"{number}");
        try
        {
            check(Path.Combine(_folder, "cut"));
        }
        finally
        {
            Run("close", _folder, $"{number}");
        }
    }

    public void Dispose() => Run("down", _folder);

    private static string Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(Script, command) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"rig {string.Join(' ', command)} ended with {process.ExitCode}: {error.Result}");
    }
}
