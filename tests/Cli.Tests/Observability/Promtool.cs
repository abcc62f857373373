using System.Diagnostics;

namespace Streams.Cli.Tests.Observability;

/// <summary>Prometheus' own checker, where it is installed.</summary>
static class Promtool
{
    static readonly string? Program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(f => Path.Combine(f, "promtool")).FirstOrDefault(File.Exists);

    public static string? Missing => Program is null ? "promtool is not installed (Debian: apt-get install prometheus)" : null;

    public static (int Code, string Output) Run(string? input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Program!, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(TimeSpan.FromSeconds(30)), "promtool did not end");
        return (process.ExitCode, output + error.Result);
    }
}
