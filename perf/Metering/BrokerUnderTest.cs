using System.Diagnostics;

namespace Streams.Perf.Metering;

/// <summary>The broker of all candidates, as a process of its own.</summary>
sealed class BrokerUnderTest(string bootstrap, Action stop) : IDisposable
{
    private const int Port = 29392;

    public string Bootstrap => bootstrap;

    public static BrokerUnderTest Start(string kind, string folder) => kind == "embedded" ? Embedded(folder) : ApacheKafka(folder);

    public void Dispose() => stop();

    private static BrokerUnderTest Embedded(string folder)
    {
        var start = new ProcessStartInfo("dotnet", [Places.StreamsDll, "broker", "--port", "0", "--data", Path.Combine(folder, "broker")])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        var process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        var line = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the broker ended while starting");
        return new BrokerUnderTest(line["bootstrap=".Length..], () =>
        {
            process.Kill();
            process.WaitForExit();
        });
    }

    private static BrokerUnderTest ApacheKafka(string folder)
    {
        var script = Path.Combine(Places.Shared, "kafka/kafka");
        var data = Path.Combine(folder, "kafka");
        Child.Run(script, "start", "--dir", data, "--port", $"{Port}");
        return new BrokerUnderTest($"127.0.0.1:{Port}", () => Child.Run(script, "stop", "--dir", data, "--kill"));
    }
}

static class Places
{
    public static string Root { get; } = Find();

    public static string Shared { get; } = Path.Combine(Path.GetDirectoryName(Root)!, "shared") is var beside && Directory.Exists(beside)
        ? beside : Path.GetFullPath(Path.Combine(Root, "../../shared"));

    public static string StreamsDll { get; } = Path.Combine(Root, "src/Cli/bin/Release/net10.0/streams.dll");

    public static string Plan { get; } = Path.Combine(Root, "perf/plan.json");

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Streams.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("not inside the checkout");
        return folder;
    }
}

/// <summary>A temporary folder, removed at the end.</summary>
sealed class WorkFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("metering-perf-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
