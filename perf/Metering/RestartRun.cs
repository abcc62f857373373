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
        using var output = Consumer();
        var table = new Report("run", "local state MB", "all restored after, s", "start to first output, s");
        foreach (var run in Enumerable.Range(1, Math.Max(3, setting.Runs))) Measure(run, folder, arguments, output, table);
        table.Print();
    }

    private void Measure(int run, string folder, string[] arguments, IConsumer<Ignore, Ignore> output, Report table)
    {
        using (var victim = Child.Start("dotnet", [.. arguments, "--until", "Stopped"]))
        {
            Feed(run * 2);
            AwaitOutput(output);
            victim.Kill();
            victim.WaitForExit();
            while (output.Consume(TimeSpan.FromSeconds(1)) is not null) continue;
        }
        var megabytes = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length) / 1048576.0;
        Feed(run * 2 + 1);
        var start = Stopwatch.GetTimestamp();
        using var next = Child.Start("dotnet", [.. arguments, "--until", "Stopped"]);
        AwaitOutput(output);
        var first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        // One partition's output may come before the others are restored.
        Thread.Sleep(TimeSpan.FromSeconds(10));
        Child.Run("kill", "-TERM", $"{next.Id}");
        var errors = next.StandardError.ReadToEndAsync();
        var printed = next.StandardOutput.ReadToEnd();
        next.WaitForExit();
        if (next.ExitCode != 0) throw new InvalidOperationException($"the restarted process ended with {next.ExitCode}: {errors.Result}");
        var figures = System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(printed);
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

    /// <summary>Of committed records, from now on.</summary>
    private IConsumer<Ignore, Ignore> Consumer()
    {
        var config = new ConsumerConfig { BootstrapServers = setting.Bootstrap, GroupId = "restart", EnableAutoCommit = false, IsolationLevel = IsolationLevel.ReadCommitted, FetchWaitMaxMs = 100 };
        var consumer = new ConsumerBuilder<Ignore, Ignore>(config).Build();
        consumer.Assign(Enumerable.Range(0, 4).Select(p =>
        {
            var partition = new TopicPartition(Output, p);
            return new TopicPartitionOffset(partition, consumer.QueryWatermarkOffsets(partition, TimeSpan.FromSeconds(10)).High);
        }).ToList());
        return consumer;
    }

    private static void AwaitOutput(IConsumer<Ignore, Ignore> output)
    {
        if (output.Consume(Longest) is null) throw new InvalidOperationException("no output within ten minutes");
    }
}
