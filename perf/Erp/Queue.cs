using System.Diagnostics;
using System.Globalization;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Quotas;

namespace Streams.Perf.Erp;

/// <summary>A month's end: so many documents are planned and lie in the ledger, then all are claimed, each claim with its call on record.</summary>
static class Queue
{
    const int Parts = 10;

    public static async Task RunAsync(long documents, int batch)
    {
        await using var plant = await Plant.StartAsync(new MemoryErp(batch), new AccountQuota { Concurrency = 4 });
        await plant.PlanAsync(0, Plant.IntakeBatch);
        var part = documents / Parts;
        var rows = new List<string[]> { new[] { "documents", "planned/s", "claimed/s", "µs CPU of PostgreSQL: planning", "claiming", "resident MB", "managed MB" } };
        var planning = new List<(TimeSpan Time, TimeSpan Postgres, string[] Memory)>();
        for (var i = 0; i < Parts; i++)
        {
            var at = Plant.IntakeBatch + i * part;
            var (cpu, began) = (plant.Times(), Stopwatch.GetTimestamp());
            await plant.PlanAsync(at, part);
            planning.Add((Stopwatch.GetElapsedTime(began), (plant.Times() - cpu).Sessions, Memory()));
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"planned {(i + 1) * part:N0} of {documents:N0}"));
        }
        var claiming = TimeSpan.Zero;
        for (var i = 0; i < Parts; i++)
        {
            var (cpu, began) = (plant.Times(), Stopwatch.GetTimestamp());
            var claimed = await ClaimAsync(plant, batch, part);
            var (time, postgres) = (Stopwatch.GetElapsedTime(began), (plant.Times() - cpu).Sessions);
            claiming += time;
            var p = planning[i];
            rows.Add([Whole((i + 1) * part), Whole(part / p.Time.TotalSeconds), Whole(claimed / time.TotalSeconds), Whole(p.Postgres.TotalMicroseconds / part), Whole(postgres.TotalMicroseconds / part), .. p.Memory]);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"claimed {(i + 1) * part:N0} of {documents:N0}"));
        }
        Table.Print($"plan: {documents:N0} documents queued, then claimed in calls of {batch} by one after the other; memory is the sink's while they were planned", rows);
        var planned = planning.Aggregate(TimeSpan.Zero, (sum, p) => sum + p.Time);
        var (sent, calls) = (await plant.CountAsync("select count(*) from erp.posting where state = 'sent'"), await plant.CountAsync("select count(*) from erp.call"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"  planned in {planned.TotalSeconds:N1} s, claimed in {claiming.TotalSeconds:N1} s, {(planned + claiming).TotalSeconds:N1} s in all; {sent:N0} sent by {calls:N0} calls on record; largest memory {Process.GetCurrentProcess().PeakWorkingSet64 >> 20:N0} MB"));
    }

    static async Task<long> ClaimAsync(Plant plant, int batch, long most)
    {
        var store = plant.Account.Store;
        long claimed = 0;
        while (claimed < most && await store.UrgencyAsync() is not null)
        {
            await using var claim = await store.ClaimAsync(new(batch)) ?? throw new InvalidOperationException("something is due and nothing can be claimed");
            claimed += claim.Documents.Count;
            await claim.BeginAsync(ErpCall.Post, [.. claim.Documents.Select(d => d.DocumentKey)]);
        }
        return claimed;
    }

    static string[] Memory() => [Whole(Environment.WorkingSet >> 20), Whole(GC.GetTotalMemory(false) >> 20)];

    static string Whole(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
