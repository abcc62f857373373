using System.Diagnostics;
using System.Globalization;
using Streams.ErpSink.Quotas;

namespace Streams.Perf.Erp;

/// <summary>Documents a second from the topic's records to the confirmation, with no quota in the way: planned alone, posted alone, and both at once as the sink runs.</summary>
static class Throughput
{
    const int Concurrency = 4;

    public static async Task RunAsync(long documents, int batch, int runs)
    {
        var rows = new List<string[]> { Measurement.Header };
        for (var run = 0; run < runs; run++)
        {
            await using var plant = await Plant.StartAsync(new MemoryErp(batch), new AccountQuota { Concurrency = Concurrency });
            rows.AddRange((await MeasureAsync(plant, documents, null)).Select(m => m.Row()));
        }
        Table.Print($"throughput: {documents:N0} documents of two lines, calls of {batch}, {Concurrency} at a time, an ERP in memory", rows);
    }

    public static async Task OverHttpAsync(long documents, int runs)
    {
        var rows = new List<string[]> { Measurement.Header };
        for (var run = 0; run < runs; run++)
        {
            await using var erp = await NetSuiteProcess.StartAsync();
            await using var plant = await Plant.StartAsync("netsuite", new AccountQuota { Concurrency = Concurrency }, erp.Connect);
            rows.AddRange((await MeasureAsync(plant, documents, erp.Id)).Select(m => m.Row()));
        }
        Table.Print($"http: {documents:N0} documents of two lines, asynchronous calls of 100, {Concurrency} at a time, a NetSuite simulator as a process of its own", rows);
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
sealed record Measurement(string Part, long Documents, TimeSpan Time, ProcessTimes Cpu, long WalBytes)
{
    public static readonly string[] Header = ["part", "documents/s", "µs CPU a document", "sink", "PostgreSQL", "its writers", "ERP", "cores used", "WAL bytes"];

    public static async Task<Measurement> OfAsync(string part, Plant plant, long documents, int? erp, Func<Task> work)
    {
        var (wal, cpu, began) = (await WalAsync(plant), plant.Times(erp), Stopwatch.GetTimestamp());
        await work();
        var time = Stopwatch.GetElapsedTime(began);
        return new(part, documents, time, plant.Times(erp) - cpu, await WalAsync(plant) - wal);
    }

    public string[] Row() =>
    [
        Part, Whole(Documents / Time.TotalSeconds), Micros(Cpu.All), Micros(Cpu.Sink), Micros(Cpu.Sessions), Micros(Cpu.Writers), Micros(Cpu.Erp),
        (Cpu.All / Time).ToString("N2", CultureInfo.InvariantCulture), Whole((double)WalBytes / Documents),
    ];

    string Micros(TimeSpan time) => Whole(time.TotalMicroseconds / Documents);

    static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    static Task<long> WalAsync(Plant plant) => plant.CountAsync("select (pg_current_wal_insert_lsn() - '0/0')::bigint");
}
