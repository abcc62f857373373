using System.Diagnostics;
using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Workload;
using Streams.Broker.Disk;

namespace Streams.Broker.Crash.Tests;

/// <summary>Real power cuts: the disk is cloned while the broker writes; a broker on the clone must have all that was acknowledged before.</summary>
public sealed class PowerCutTests(ITestOutputHelper output)
{
    private const int CutsOfOneLoad = 10;

    [SkippableFact]
    public void What_was_acknowledged_survives_real_power_cuts()
    {
        Skip.If(PowerRig.Missing is not null, $"real power cuts are not possible here: {PowerRig.Missing}");
        var (wanted, random, watch, events) = (Tier.Of(20, 300), new Random(20261121), Stopwatch.StartNew(), 0);
        using var rig = new PowerRig();
        for (var cut = 0; cut < wanted; cut += CutsOfOneLoad)
        {
            using var load = new Load(Path.Combine(rig.Disk, $"load-{cut}"), seed: cut);
            for (var i = 0; i < CutsOfOneLoad; i++) Cut(rig, load, cut + i, random);
            events += load.Told().Count;
        }
        output.WriteLine($"{wanted} power cuts in {watch.Elapsed.TotalSeconds:F1} s, under loads of {events} events");
    }

    [SkippableFact]
    public void A_broker_that_does_not_sync_is_found_out_by_real_power_cuts()
    {
        Skip.If(PowerRig.Missing is not null, $"real power cuts are not possible here: {PowerRig.Missing}");
        using var rig = new PowerRig();
        using var load = new Load(Path.Combine(rig.Disk, "load"), seed: 1, new UnsyncedDisk());
        Assert.Throws<Violation>(() => Cut(rig, load, 0, new Random(1)));
    }

    private static void Cut(PowerRig rig, Load load, int number, Random random)
    {
        // The moment is random: so many more events after the last cut.
        load.Await(load.Told().Count + random.Next(5, 60));
        var promised = load.Told().Count;
        rig.Cut(number);
        var told = load.Told();
        rig.With(number, folder =>
        {
            try
            {
                Check(Path.Combine(folder, Path.GetFileName(load.Folder)), told, promised);
            }
            catch (Exception e)
            {
                throw new Violation($"cut {number}, {promised} events before it and {told.Count - promised} during it: {(e is Violation ? e.Message : e)}\n  {string.Join("\n  ", told.TakeLast(20))}");
            }
        });
    }

    private static void Check(string folder, List<Event> told, int promised)
    {
        using var life = Life.On(new LocalDisk(), folder, Knowledge.Of(told, promised), _ => { });
        Verifier.Logs(life);
        Resumption.Run(life);
        Verifier.Logs(life);
        Verifier.Outcomes(life);
        life.Restart();
        Verifier.Logs(life);
    }

    /// <summary>A broker under traffic, until it is disposed of.</summary>
    private sealed class Load : IDisposable
    {
        private readonly List<Event> _told = [];
        private readonly Thread _thread;
        private readonly IDisk _disk;
        private volatile bool _stopping;
        private volatile Exception? _failure;

        public Load(string folder, int seed, IDisk? disk = null)
        {
            Folder = folder;
            _disk = disk ?? new LocalDisk();
            _thread = new Thread(() => Run(new Random(seed)));
            _thread.Start();
        }

        public string Folder { get; }

        public List<Event> Told()
        {
            lock (_told) return [.. _told];
        }

        public void Await(int events)
        {
            lock (_told)
            {
                while (_told.Count < events && _failure is null) Monitor.Wait(_told);
            }
            if (_failure is not null) throw new InvalidOperationException("the load failed", _failure);
        }

        public void Dispose()
        {
            _stopping = true;
            _thread.Join();
        }

        private void Run(Random random)
        {
            try
            {
                using var life = Life.On(_disk, Folder, new Knowledge(), Note);
                var steps = new Steps(life, random);
                Script.Prepare(steps);
                while (!_stopping) Scripts.Lasting.Run(steps, 1, random);
            }
            catch (Exception e)
            {
                _failure = e;
                lock (_told) Monitor.PulseAll(_told);
            }
        }

        private void Note(Event told)
        {
            lock (_told)
            {
                _told.Add(told);
                Monitor.PulseAll(_told);
            }
        }
    }
}
