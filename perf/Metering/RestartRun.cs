using System.Diagnostics;
using Confluent.Kafka;

namespace Streams.Perf.Metering;

/// <summary>A process that holds much local state is killed; the next one, over the same folder, is timed from its start to its first visible output.</summary>
sealed class RestartRun(Setting setting, string? stateDir)
{
    private const string Input = "usage-restart", Output = "rated-restart";
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public void Execute()
    {
        var folder = stateDir ?? Path.Combine(setting.Folder, "state");
        Child.Generate(setting.Bootstrap, Input, setting.Events);
        string[] arguments = Child.Streams(setting.Bootstrap, Input, Output, "--id", "metering-restart", "--state-dir", folder);
        Console.Error.WriteLine("building the state …");
        Child.Measure("dotnet", arguments);
        var table = new Report("run", "local state MB", "start to restored, s", "start to first output, s");
        foreach (var run in Enumerable.Range(1, Math.Max(3, setting.Runs))) Measure(run, folder, arguments, table);
        table.Print();
    }

    private void Measure(int run, string folder, string[] arguments, Report table)
    {
        using (var victim = Child.Start("dotnet", [.. arguments, "--until", "Stopped"]))
        {
            Feed(run * 2);
            AwaitOutput();
            victim.Kill();
            victim.WaitForExit();
        }
        var megabytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) / 1048576.0;
        Feed(run * 2 + 1);
        var start = Stopwatch.GetTimestamp();
        using var next = Child.Start("dotnet", [.. arguments, "--until", "Stopped"]);
        AwaitOutput();
        var first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        Child.Run("kill", "-TERM", $"{next.Id}");
        var figures = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(next.StandardOutput.ReadToEnd());
        next.WaitForExit();
        table.Add($"{run}", Report.Whole(megabytes), Report.Short(figures.GetProperty("restore").Number("seconds")), Report.Short(first));
    }

    /// <summary>Two events, the second far enough ahead to close the first one's window.</summary>
    private void Feed(int hours)
    {
        using var load = new LoadGenerator(setting.Bootstrap, Input, customers: 1);
        var start = new DateTimeOffset(2026, 2, 3, 0, 0, 0, TimeSpan.Zero).AddHours(hours).ToUnixTimeMilliseconds() * 1000;
        load.Send(0, start);
        load.Send(1, start + 120_000_000);
        load.Flush();
    }

    private long _seen;

    private void AwaitOutput()
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = setting.Bootstrap, GroupId = "restart", IsolationLevel = IsolationLevel.ReadCommitted }).Build();
        var began = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(began) < Longest)
        {
            // The last stable offset: what a consumer of committed records can see.
            var visible = Enumerable.Range(0, 4).Sum(p => consumer.QueryWatermarkOffsets(new TopicPartition(Output, p), TimeSpan.FromSeconds(10)).High.Value);
            if (_seen == 0) _seen = visible;
            if (visible > _seen)
            {
                _seen = visible;
                return;
            }
            Thread.Sleep(5);
        }
        throw new InvalidOperationException("no output within ten minutes");
    }
}
