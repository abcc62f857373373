using System.Diagnostics;
using System.Globalization;

namespace Streams.Perf.Broker;

/// <summary>A broker as a process of its own, whose CPU time and memory the system tells.</summary>
sealed class BrokerProcess : IDisposable
{
    private const double TicksPerSecond = 100;
    private readonly Process? _process;
    private readonly Action _stop;

    private BrokerProcess(int id, string bootstrap, Process? process, Action stop)
    {
        (Id, Bootstrap, _process, _stop) = (id, bootstrap, process, stop);
    }

    public int Id { get; }

    public string Bootstrap { get; }

    public string Host => Bootstrap.Split(':')[0];

    public int Port => int.Parse(Bootstrap.Split(':')[1], CultureInfo.InvariantCulture);

    /// <summary>User and system time of the whole process so far, seconds.</summary>
    public double CpuSeconds
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
        }
    }

    /// <summary>Resident memory now, and the most it ever was, MB.</summary>
    public (double Now, double Peak) Memory
    {
        get
        {
            double Of(string key) => double.Parse(File.ReadLines($"/proc/{Id}/status").First(l => l.StartsWith(key, StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
            return (Of("VmRSS:"), Of("VmHWM:"));
        }
    }

    public static BrokerProcess Embedded(string data, int port = 0)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Places.Root, "src/Cli/bin/Release/net10.0/streams.dll"), "broker", "--port", $"{port}", "--data", data])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the broker ended while starting");
        return new BrokerProcess(process.Id, line["bootstrap=".Length..], process, () => { process.Kill(); process.WaitForExit(); });
    }

    public static BrokerProcess ApacheKafka(string data, int port, params string[] settings)
    {
        var script = Path.Combine(Places.Shared, "kafka/kafka");
        Run(script, ["start", "--dir", data, "--port", $"{port}", .. settings.SelectMany(s => new[] { "--set", s })]);
        var id = int.Parse(File.ReadAllText(Path.Combine(data, "node1.pid")), CultureInfo.InvariantCulture);
        return new BrokerProcess(id, $"127.0.0.1:{port}", null, () => Run(script, ["stop", "--dir", data, "--kill"]));
    }

    /// <summary>Ends it as kill -9 does.</summary>
    public void Dispose()
    {
        _stop();
        _process?.Dispose();
    }

    private static void Run(string script, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(script, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        if (!process.WaitForExit(TimeSpan.FromSeconds(120)) || process.ExitCode != 0) throw new InvalidOperationException($"{script} {string.Join(' ', arguments)} failed");
    }
}

static class Places
{
    public static string Root { get; } = Find();

    public static string Shared { get; } = Path.Combine(Path.GetDirectoryName(Root)!, "shared");

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Streams.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not inside the checkout");
        return folder;
    }
}
