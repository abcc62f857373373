using System.Diagnostics;
using System.Text.Json;

namespace Streams.Perf.Metering;

/// <summary>Processes that are measured: each prints one line of JSON at its end.</summary>
static class Child
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(20);

    /// <summary>Runs a program to its end and returns the last line of its output.</summary>
    /// <exception cref="InvalidOperationException">It failed, or took longer than 20 minutes.</exception>
    public static string Run(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Longest)) process.Kill(entireProcessTree: true);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{Path.GetFileName(program)} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{Tail(errors.Result)}");
        return output.Result.TrimEnd().Split('\n')[^1];
    }

    public static JsonElement Measure(string program, params string[] arguments) => JsonSerializer.Deserialize<JsonElement>(Run(program, arguments));

    public static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>Fills a topic with the benchmark's data; the same options give the same records.</summary>
    public static JsonElement Generate(string bootstrap, string topic, int events, int customers = 1000, int minutes = 60)
    {
        Console.Error.WriteLine($"generating {events:N0} events of {customers:N0} customers over {minutes} minutes …");
        return Measure(Path.Combine(Places.Shared, "perf/peers/run"), "generate", "--bootstrap", bootstrap, "--input", topic, "--events", $"{events}", "--customers", $"{customers}", "--minutes", $"{minutes}");
    }

    /// <summary>This project's run over a topic.</summary>
    public static string[] Streams(string bootstrap, string input, string output, params string[] more) =>
        [Places.StreamsDll, "bench", "metering", "--bootstrap-server", bootstrap, "--input", input, "--output", output, "--plan", Places.Plan, .. more];

    private static string Tail(string text) => text.Length <= 2000 ? text : text[^2000..];
}

static class Json
{
    public static double Number(this JsonElement figures, string name) => figures.GetProperty(name).GetDouble();
}
