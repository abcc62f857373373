using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Streams.ErpSink.Quotas;

namespace Streams.Perf.Erp;

/// <summary>Documents a second from the topic's records to the confirmation, with no quota in the way: planned alone, posted alone, and both at once as the sink runs.</summary>
static class Throughput
{
    const int Concurrency = 4;

    public static async Task RunAsync(long documents, int batch, int runs)
    {
        var measured = new List<Measurement>();
        for (var run = 0; run < runs; run++)
        {
            await using var plant = await Plant.StartAsync(new MemoryErp(batch), new AccountQuota { Concurrency = Concurrency });
            measured.AddRange(await MeasureAsync(plant, documents, null));
        }
        Print(measured, $"throughput: {documents:N0} documents of two lines, calls of {batch}, {Concurrency} at a time, an ERP in memory");
    }

    public static async Task OverHttpAsync(long documents, int runs)
    {
        var measured = new List<Measurement>();
        for (var run = 0; run < runs; run++)
        {
            await using var erp = await NetSuiteProcess.StartAsync();
            await using var plant = await Plant.StartAsync("netsuite", new AccountQuota { Concurrency = Concurrency }, erp.Connect);
            measured.AddRange(await MeasureAsync(plant, documents, erp.Id));
        }
        Print(measured, $"http: {documents:N0} documents of two lines, asynchronous calls of 100, {Concurrency} at a time, a NetSuite simulator as a process of its own");
    }

    static void Print(IReadOnlyList<Measurement> measured, string title)
    {
        Table.Print(title, [Measurement.Header, .. measured.Select(m => m.Row())]);
        foreach (var part in measured.GroupBy(m => m.Part).Where(g => g.Count() > 1))
        {
            var ordered = part.Select(m => m.PerSecond).Order().ToList();
            var median = (ordered[(ordered.Count - 1) / 2] + ordered[ordered.Count / 2]) / 2;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {part.Key}: {ordered[0]:N0} to {ordered[^1]:N0}, median {median:N0} documents a second in {ordered.Count} runs"));
        }
    }

    static async Task<List<Measurement>> MeasureAsync(Plant plant, long documents, int? erp)
    {
        // Made before the clock starts: a topic's records come ready.
        const int Warm = 3_000;
        var records = Documents.Records(0, Warm + documents * 2).ToList();
        await plant.PlanAsync(records.Take(Warm));
        await plant.PostAsync(Warm);
        var first = records.GetRange(Warm, (int)documents);
        var second = records.GetRange(Warm + (int)documents, (int)documents);
        return
        [
            await Measurement.OfAsync("planned", plant, documents, erp, () => plant.PlanAsync(first)),
            await Measurement.OfAsync("posted and read back", plant, documents, erp, () => plant.PostAsync(Warm + documents)),
            await Measurement.OfAsync("both at once", plant, documents, erp, () => Task.WhenAll(Task.Run(() => plant.PlanAsync(second)), Task.Run(() => plant.PostAsync(Warm + documents * 2)))),
        ];
    }
}

/// <summary>What a part cost.</summary>
/// <param name="CoreSpeed">MB of SHA-256 a second that one core did just before and after: other machines share the cores, and two runs compare as far as this does.</param>
sealed record Measurement(string Part, long Documents, TimeSpan Time, ProcessTimes Cpu, long WalBytes, double CoreSpeed)
{
    public static readonly string[] Header = ["part", "documents/s", "µs CPU a document", "sink", "PostgreSQL", "its writers", "ERP", "cores used", "WAL bytes", "SHA-256 MB/s"];

    public double PerSecond => Documents / Time.TotalSeconds;

    public static async Task<Measurement> OfAsync(string part, Plant plant, long documents, int? erp, Func<Task> work)
    {
        var speed = CoreSpeedNow();
        var (wal, cpu, began) = (await WalAsync(plant), plant.Times(erp), Stopwatch.GetTimestamp());
        await work();
        var (time, used) = (Stopwatch.GetElapsedTime(began), plant.Times(erp) - cpu);
        return new(part, documents, time, used, await WalAsync(plant) - wal, (speed + CoreSpeedNow()) / 2);
    }

    public string[] Row() =>
    [
        Part, Whole(PerSecond), Micros(Cpu.All), Micros(Cpu.Sink), Micros(Cpu.Sessions), Micros(Cpu.Writers), Micros(Cpu.Erp),
        (Cpu.All / Time).ToString("N2", CultureInfo.InvariantCulture), Whole((double)WalBytes / Documents), Whole(CoreSpeed),
    ];

    static double CoreSpeedNow()
    {
        const int Megabytes = 64;
        var megabyte = new byte[1 << 20];
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; i < Megabytes; i++) SHA256.HashData(megabyte);
        return Megabytes / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    string Micros(TimeSpan time) => Whole(time.TotalMicroseconds / Documents);

    static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    static Task<long> WalAsync(Plant plant) => plant.CountAsync("select (pg_current_wal_insert_lsn() - '0/0')::bigint");
}
