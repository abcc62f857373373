using System.Diagnostics;

namespace Streams.Testing;

/// <summary>The checker from outside, tests/checker/three_way.py: the ERPs' journals, the ledger and the documents against one another. It shares no code with the product.</summary>
public static class ThreeWayChecker
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Why it cannot run here, or null.</summary>
    public static string? Missing => new[] { "python3", "psql" }.FirstOrDefault(p => Checkout.Program(p) is null) is { } program ? $"{program} is not installed" : null;

    /// <summary>Its exit code, and what it printed; the last line counts the faults.</summary>
    public static (int Code, string Output) Run(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("python3", [Path.Combine(Checkout.Root, "tests/checker/three_way.py"), .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (Task.WaitAll([output, error], Patience) && process.WaitForExit(Patience)) return (process.ExitCode, output.Result + error.Result);
        process.Kill();
        throw new TimeoutException("the checker does not end");
    }

    /// <summary>Its last line where it found no fault, else what it found.</summary>
    public static string Verdict(params string[] arguments)
    {
        var (code, output) = Run(arguments);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return code == 0 ? lines[^1] : $"faults: {string.Join("; ", lines.Take(10))}";
    }
}
