using System.Diagnostics;
using System.Globalization;
using Streams.Aggregators.Rating;
using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Perf.Rating;

/// <summary>
/// The close of a month by the tasks that meter: every customer has used every meter, then the time of one event ends the month for all of a partition. Memory is
/// what the process holds when the close begins, the most while it lasts, and after it; and what of that are objects in use.
/// </summary>
static class TopologyClose
{
    const int Partitions = 8;

    static readonly Timestamp January = Timestamp.From(new(2026, 1, 10, 0, 0, 0, TimeSpan.Zero)), Over = Timestamp.From(new(2026, 2, 4, 0, 0, 0, TimeSpan.Zero));

    public static void Measure(int customers, int meters, int threads)
    {
        var terms = new BookTerms(new ContractBookSource(Book(customers, meters)));
        var tasks = Enumerable.Range(0, Partitions).Select(p => new MeteringTask(p, Partitions, terms)).ToList();
        var clock = Stopwatch.StartNew();
        InParallel(threads, tasks, t => Use(t, customers, meters));
        Console.WriteLine(FormattableString.Invariant($"used: {customers * (long)meters:N0} events in {clock.Elapsed.TotalSeconds:F1} s"));
        var held = GC.GetTotalMemory(forceFullCollection: true);
        var start = Resident();
        using var process = Process.GetCurrentProcess();
        using var sampled = new Sampler();
        clock.Restart();
        var cpu = process.TotalProcessorTime;
        InParallel(threads, tasks, t =>
        {
            t.Send(t.Partition, "flush", Over, "0");
            t.Commit();
        });
        process.Refresh();
        var (seconds, spent) = (clock.Elapsed.TotalSeconds, process.TotalProcessorTime - cpu);
        var peak = sampled.Stop();
        Console.WriteLine(FormattableString.Invariant(
            $"close by the topology: {customers:N0} customers × {meters} meters, {Partitions} partitions, {threads} threads: {seconds:F1} s (goal 60), {spent.TotalSeconds:F1} s CPU; {tasks.Sum(t => t.Documents):N0} documents, {tasks.Sum(t => t.ChangelogBytes) / 1e6:F0} MB to the changelogs"));
        var after = GC.GetTotalMemory(forceFullCollection: true);
        Console.WriteLine(FormattableString.Invariant($"resident: {start / 1e6:F0} MB when it began, {peak / 1e6:F0} MB at most, {Resident() / 1e6:F0} MB after it; objects: {held / 1e6:F0} MB when it began, {after / 1e6:F0} MB after it"));
        GC.KeepAlive(tasks);
    }

    static ContractBook Book(int customers, int meters)
    {
        var book = PeriodClose.Meters(meters).Values.Aggregate(ContractBook.Empty, (b, m) => b.With(m)).With(PeriodClose.Book(meters)["standard"]);
        for (var i = 0; i < customers; i++) book = book.With(new Customer($"customer-{i}", $"Customer {i}", "US01")).With(PeriodClose.Contract(i));
        return book;
    }

    static void Use(MeteringTask task, int customers, int meters)
    {
        for (var i = task.Partition; i < customers; i += Partitions)
        {
            var random = new Random(i);
            for (var m = 0; m < meters; m++) task.Send(i, $"meter-{m}", January, (random.Next(20_000_000) * 0.001m).ToString(CultureInfo.InvariantCulture));
        }
        task.Send(task.Partition, "flush", new(January.Micros + 3_600_000_000), "0");
        task.Commit();
    }

    static void InParallel(int threads, List<MeteringTask> tasks, Action<MeteringTask> work)
    {
        var failures = new List<Exception>();
        var workers = Enumerable.Range(0, threads).Select(n => new Thread(() =>
        {
            try
            {
                foreach (var task in tasks.Where(t => t.Partition % threads == n)) work(task);
            }
            catch (Exception e)
            {
                lock (failures) failures.Add(e);
            }
        })).ToList();
        workers.ForEach(w => w.Start());
        workers.ForEach(w => w.Join());
        if (failures.Count > 0) throw new AggregateException(failures);
    }

    static long Resident()
    {
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }

    /// <summary>Looks at resident memory ten times a second.</summary>
    sealed class Sampler : IDisposable
    {
        readonly ManualResetEventSlim _end = new();
        readonly Thread _thread;
        long _most;

        public Sampler()
        {
            _thread = new(() =>
            {
                do _most = Math.Max(_most, Resident());
                while (!_end.Wait(100));
            });
            _thread.Start();
        }

        public long Stop()
        {
            _end.Set();
            _thread.Join();
            return Math.Max(_most, Resident());
        }

        public void Dispose() => _end.Dispose();
    }
}
