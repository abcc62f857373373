using System.Diagnostics;
using System.Text;
using Streams.Testing;

namespace Streams.Rating.Tests;

/// <summary>A second implementation in Python: a script of these tests that answers lines with lines.</summary>
static class Python
{
    /// <param name="python">The interpreter.</param>
    /// <param name="script">Path below tests/Rating.Tests.</param>
    /// <param name="lines">Its input.</param>
    /// <param name="longest">How long it may take after the last line.</param>
    public static (string Output, string Errors, int ExitCode) Ask(string python, string script, IEnumerable<string> lines, TimeSpan longest)
    {
        using var process = Process.Start(new ProcessStartInfo(python, ["-B", Path.Combine(Checkout.Root, "tests/Rating.Tests", script)])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, StandardInputEncoding = new UTF8Encoding(false),
        })!;
        var (answer, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            foreach (var line in lines) process.StandardInput.WriteLine(line);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // The script ended early; its exit code and what it wrote say why.
        }
        Assert.True(process.WaitForExit(longest), $"{script} does not end");
        return (answer.Result, errors.Result, process.ExitCode);
    }
}
