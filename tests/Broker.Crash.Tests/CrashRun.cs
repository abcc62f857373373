using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Workload;

namespace Streams.Broker.Crash.Tests;

/// <summary>
/// One seeded script, cut at many places. The broker is started on what each cut leaves and checked; one of the disks then carries the script on, and is cut again.
/// </summary>
internal sealed class CrashRun(Script script, int seed, string folder, Planted planted = Planted.None)
{
    private const int Generations = 3;
    private const int StepsPerGeneration = 30;
    private readonly Random _random = new(seed);

    /// <summary>States that were checked.</summary>
    public int Checked { get; private set; }

    /// <exception cref="Violation">Says where to find it: script, seed, generation, cut.</exception>
    public void Run(int statesPerGeneration)
    {
        var (start, past) = (DiskImage.Empty, new List<Event>());
        for (var generation = 0; generation < Generations; generation++)
        {
            var trace = Record(start, past, generation);
            var cut = 0;
            for (var i = 0; i < statesPerGeneration; i++)
            {
                cut = _random.Next(trace.Length + 1);
                Check(start, past, trace[..cut], $"generation {generation}, state {i}, cut {cut} of {trace.Length}");
            }
            var remains = PowerCut.After(start, trace.AsSpan(..cut), _random, Survival.Anything);
            (start, past) = (remains, [.. past, .. EventsOf(trace[..cut])]);
        }
    }

    /// <summary>
    /// Cuts the power at every operation of a recovery, and of the recoveries after that, three deep.
    /// </summary>
    public void RunRecoveries(int recoveries)
    {
        var trace = Record(DiskImage.Empty, [], generation: 0);
        for (var i = 0; i < recoveries; i++)
        {
            var cut = _random.Next(trace.Length + 1);
            var remains = PowerCut.After(DiskImage.Empty, trace.AsSpan(..cut), _random, Survival.Anything);
            Recover(remains, [.. EventsOf(trace[..cut])], level: 1, $"cut {cut} of {trace.Length}");
        }
    }

    private static IEnumerable<Event> EventsOf(IEnumerable<Operation> trace) => trace.OfType<Told>().Select(t => t.Event);

    private static Survival Draw(Random random) => random.Next(8) switch { 0 => Survival.Nothing, 1 => Survival.Everything, < 4 => Survival.InOrder, _ => Survival.Anything };

    private void Recover(DiskImage start, List<Event> past, int level, string where)
    {
        Operation[] steps;
        var disk = new SimulatedDisk(folder, start, planted);
        using (var life = Life.On(disk, folder, Knowledge.Of(past))) steps = disk.Trace();
        for (var cut = 0; cut <= steps.Length; cut++)
        {
            var at = $"{where}; level {level}: cut {cut} of {steps.Length}";
            Check(start, past, steps[..cut], at);
            if (level < 3 && _random.Next(level * 4) == 0) Recover(PowerCut.After(start, steps.AsSpan(..cut), _random, Draw(_random)), past, level + 1, at);
        }
    }

    private Operation[] Record(DiskImage start, List<Event> past, int generation)
    {
        var disk = new SimulatedDisk(folder, start, planted);
        try
        {
            using var life = Life.On(disk, folder, Knowledge.Of(past));
            var steps = new Steps(life, _random);
            Resume(life);
            Script.Prepare(steps);
            script.Run(steps, StepsPerGeneration, _random);
        }
        catch (Exception e)
        {
            throw Explained($"generation {generation}, while recording", disk.Trace(), e);
        }
        return disk.Trace();
    }

    private static void Resume(Life life)
    {
        Verifier.Logs(life);
        Resumption.Run(life);
        Verifier.Logs(life);
        Verifier.Outcomes(life);
    }

    private void Check(DiskImage start, List<Event> past, Operation[] trace, string where)
    {
        var survival = Draw(_random);
        var disk = new SimulatedDisk(folder, PowerCut.After(start, trace, _random, survival), planted);
        try
        {
            using var life = Life.On(disk, folder, Knowledge.Of([.. past, .. EventsOf(trace)]));
            Resume(life);
            if (life.Known.Topics.Values.Any(t => t.Promised > 0)) script.Run(new Steps(life, _random), 2, _random);
            life.Restart();
            Verifier.Logs(life);
        }
        catch (Exception e)
        {
            throw Explained($"{where}, survives: {survival}", trace, e);
        }
        Checked++;
    }

    private Violation Explained(string where, Operation[] trace, Exception e) => new(
        $"script {script.Name}, seed {seed}, {where}\n{(e is Violation ? e.Message : e)}\nthe last operations before the cut:\n  {string.Join("\n  ", trace.TakeLast(25))}");
}
