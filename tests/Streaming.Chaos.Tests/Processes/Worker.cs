using Streams.Streaming.Chaos.Tests.Work;

namespace Streams.Streaming.Chaos.Tests.Processes;

/// <summary>The inside of a worker process.</summary>
internal static class Worker
{
    /// <summary>Exit codes: ended in good order, failed while it worked, failed to start, shut out by a member of the same static id.</summary>
    public const int Done = 0, Failed = 1, NotStarted = 2, Fenced = 3;

    public static async Task<int> RunAsync(Job job)
    {
        using var log = new FileLogger(Path.Combine(job.Logs, $"{Environment.ProcessId}.log"));
        if (job.Trap is { } trap) Trap.Arm(trap, log.Write);
        var stream = new KafkaStream(IWork.Named(job.Work).Build(job), job.Config(), log);
        if (job.Bug == Bug.NoFencing) Unfenced.Make(stream, job);
        try
        {
            await stream.StartAsync();
        }
        catch (Exception e)
        {
            log.Write($"start failed: {e}");
            return NotStarted;
        }
        Console.WriteLine("started");
        var running = stream.WaitUntilRunning().ContinueWith(t => { if (t.IsCompletedSuccessfully) Console.WriteLine("running"); }, TaskScheduler.Default);
        await Task.WhenAny(stream.Completion, Console.In.ReadToEndAsync());
        if (stream.Completion.IsFaulted)
        {
            log.Write($"failed: {stream.Completion.Exception}");
            return CodeOf(stream.Completion.Exception!);
        }
        await stream.StopAsync();
        await running;
        log.Write("stopped");
        return stream.Completion.IsFaulted ? CodeOf(stream.Completion.Exception!) : Done;
    }

    private static int CodeOf(AggregateException failure) =>
        failure.ToString().Contains("fenced by other consumer with same group.instance.id", StringComparison.OrdinalIgnoreCase) ? Fenced : Failed;
}
