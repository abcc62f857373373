using System.Diagnostics;
using System.Text;

namespace Streams.Broker.Clients.Tests;

/// <summary>A program that has ended.</summary>
/// <param name="Code">Its exit code, or null when it was killed because it took too long.</param>
sealed record ProgramRun(int? Code, string Output, string Error)
{
    /// <summary>The last of what it said.</summary>
    public string Tail
    {
        get
        {
            var all = $"{Output}\n{Error}".Trim();
            return all.Length <= 1500 ? all : all[^1500..];
        }
    }
}

/// <summary>Runs other programs.</summary>
static class Program
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Runs a program to its end, or kills it when it takes longer than <paramref name="patience"/> (three minutes).</summary>
    public static async Task<ProgramRun> RunAsync(string program, IEnumerable<string> arguments, string input = "", TimeSpan? patience = null)
    {
        using var process = Start(program, arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading; its exit code says why.
        }
        try
        {
            using var deadline = new CancellationTokenSource(patience ?? Patience);
            await process.WaitForExitAsync(deadline.Token);
            return new ProgramRun(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            return new ProgramRun(null, await output, await error);
        }
    }

    /// <summary>Runs a program that must end with 0, and gives its output.</summary>
    public static async Task<string> OutputAsync(string program, IEnumerable<string> arguments, string input = "")
    {
        var list = arguments.ToList();
        var run = await RunAsync(program, list, input);
        Assert.True(run.Code == 0, $"{program} {string.Join(' ', list)} ended with {run.Code?.ToString() ?? "nothing in time"}: {run.Tail}");
        return run.Output;
    }

    public static Process Start(string program, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false), StandardOutputEncoding = Encoding.UTF8,
        })!;

    /// <summary>Asks a program to end as the terminal's Ctrl-C (INT) or a service manager (TERM) does.</summary>
    public static Task SignalAsync(Process process, string signal) => OutputAsync("kill", [$"-{signal}", $"{process.Id}"]);
}
