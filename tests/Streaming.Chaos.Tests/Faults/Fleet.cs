using System.Diagnostics;
using Confluent.Kafka;
using Streams.Streaming.Chaos.Tests.Processes;
using Streams.Streaming.Chaos.Tests.Work;

namespace Streams.Streaming.Chaos.Tests.Faults;

/// <summary>The three workers of an application, and what is done to them.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    public const int Size = 3;

    private readonly Job job;
    private readonly Random random;
    private readonly bool isStatic;
    private readonly (string Point, int Most)[] traps;
    private readonly Tally tally;
    private readonly Func<Task<Dictionary<TopicPartition, long>>> committed;
    private readonly List<Slot> slots;
    private readonly List<WorkerProcess> paused = [];
    private readonly List<Task> zombies = [];
    private readonly Lock gate = new();
    private bool trapping = true;
    private int extras;

    /// <param name="committed">Asks for the application's committed offsets.</param>
    public Fleet(Job job, int seed, bool isStatic, bool mayNotStart, Tally tally, Func<Task<Dictionary<TopicPartition, long>>> committed)
    {
        (this.job, this.isStatic, this.tally, this.committed, random, traps) = (job, isStatic, tally, committed, new Random(seed), IWork.Named(job.Work).Traps);
        slots = [.. Enumerable.Range(0, Size).Select(i => new Slot(trap => Launch($"i{i}", trap), () => NextTrap(), tally, mayNotStart))];
    }

    /// <summary>How long a paused worker stays so, at most; it is dead for the group and the transaction coordinator long before.</summary>
    private int LongestPause => Math.Max(job.SessionMs, job.TransactionMs) + 1500;

    public void Open() => slots.ForEach(s => s.Open());

    /// <summary>kill -9 of one worker. False where there was none to kill.</summary>
    public bool Kill() => Living() is { } worker && worker.Kill();

    /// <summary>SIGSTOP of one worker; <see cref="LookForPaused"/> does the rest.</summary>
    public void Pause()
    {
        if (Paused() < 2) Living()?.Pause();
    }

    /// <summary>Finds workers that were stopped, by a trap or from outside, and lets each go on once others have taken over; a third of them are given up meanwhile.</summary>
    public void LookForPaused()
    {
        foreach (var slot in slots)
        {
            if (slot.Current is not { } worker || !worker.IsPaused) continue;
            lock (gate)
            {
                if (paused.Contains(worker)) continue;
                paused.Add(worker);
            }
            var replaced = Next(3) == 0;
            if (replaced) slot.Abandon();
            lock (gate) zombies.Add(RiseAsync(worker, job.SessionMs + 700 + Next(LongestPause - job.SessionMs), replaced));
        }
    }

    /// <summary>Two more workers come and go and a third one of the three is restarted, all within moments.</summary>
    public async Task StormAsync()
    {
        var guests = Enumerable.Range(0, 2).Select(_ => Launch($"x{Interlocked.Increment(ref extras) % 4}", null)).ToList();
        await Task.WhenAny(Task.WhenAll(guests.Select(g => Task.WhenAny(g.Started, g.Ended))), Task.Delay(8000));
        await Task.Delay(Next(600));
        Living()?.Kill();
        foreach (var guest in guests)
        {
            await Task.Delay(Next(400));
            if (Next(2) == 0) guest.Dismiss();
            else if (guest.Kill()) tally.Add("kill in a storm", guest.Id);
        }
        foreach (var guest in guests)
        {
            if (await Task.WhenAny(guest.Ended, Task.Delay(180_000)) != guest.Ended) tally.Fail(guest.Id, "a guest did not stop within 180 s");
            guest.Dispose();
        }
        tally.Add("storm");
    }

    /// <summary>No more faults: zombies end or work again, and the three go on in peace.</summary>
    public async Task CalmAsync()
    {
        trapping = false;
        LookForPaused();
        Task[] all;
        lock (gate) all = [.. zombies];
        await Task.WhenAll(all);
        // A worker that still carries a trap would set it off at some time.
        foreach (var worker in slots.Select(s => s.Current).Where(w => w?.Job.Trap is not null)) worker!.Kill();
    }

    /// <summary>Stops all workers in good order.</summary>
    public Task CloseAsync() => Task.WhenAll(slots.Select(s => s.CloseAsync()));

    public async ValueTask DisposeAsync()
    {
        trapping = false;
        foreach (var slot in slots) slot.Current?.Continue();
        Task[] all;
        lock (gate) all = [.. zombies];
        await Task.WhenAll(all);
        await CloseAsync();
    }

    private WorkerProcess Launch(string name, string? trap) => new(job with { Instance = isStatic ? name : null, Trap = trap });

    private string? NextTrap()
    {
        if (!trapping || Next(4) == 0) return null;
        // What has to be stopped by its generation stands right before its commit.
        if (job.Bug == Bug.NoFencing) return Paused() < 2 ? $"stop stream.before_commit {1 + Next(30)}" : null;
        lock (gate) return Trap.Choose(random, stop: random.Next(10) < 3 && paused.Count < 2, traps);
    }

    private async Task RiseAsync(WorkerProcess worker, int afterMs, bool replaced)
    {
        // Where nothing but the generation could stop it, it has something to double only once others have gone on with its partitions, however slow the machine.
        if (job.Bug == Bug.NoFencing) await OthersGoOnAsync();
        else await Task.Delay(afterMs);
        worker.Continue();
        tally.Add(replaced ? "zombie replaced" : "zombie", worker.Id);
        if (replaced)
        {
            // It may join as a fourth member, or be fenced for good; either is right.
            await Task.WhenAny(worker.Ended, Task.Delay(2000));
            worker.Dismiss();
            // Its trap may go off only now.
            for (var i = 0; i < 1800 && !worker.Ended.IsCompleted; i++)
            {
                worker.Continue();
                await Task.WhenAny(worker.Ended, Task.Delay(100));
            }
            if (!worker.Ended.IsCompleted) tally.Fail(worker.Id, "a zombie did not stop within 180 s");
            worker.Dispose();
        }
        lock (gate) paused.Remove(worker);
    }

    /// <summary>Until each partition has been committed further, or the transaction of whoever stands still is about to end.</summary>
    private async Task OthersGoOnAsync()
    {
        var watch = Stopwatch.StartNew();
        var before = await committed();
        while (watch.ElapsedMilliseconds < job.TransactionMs - 3000)
        {
            await Task.Delay(100);
            var now = await committed();
            if (before.All(p => now[p.Key] > p.Value)) return;
        }
    }

    private WorkerProcess? Living()
    {
        var living = slots.Select(s => s.Current).Where(w => w is { IsPaused: false } && !w.Ended.IsCompleted).ToList();
        return living.Count == 0 ? null : living[Next(living.Count)];
    }

    private int Paused()
    {
        lock (gate) return paused.Count;
    }

    private int Next(int below)
    {
        lock (gate) return random.Next(below);
    }
}
