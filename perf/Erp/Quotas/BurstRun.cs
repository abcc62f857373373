using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.ErpSink;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;

namespace Streams.Perf.Erp.Quotas;

/// <summary>The month's end: all documents come at once and queue in the ledger, while the sink posts at the pace of the ERP's quota. Memory and the ERP's rate by the minute.</summary>
static class BurstRun
{
    const int Batch = 40;

    static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    static readonly ErpLimits Limits = new(6, 200, Window);
    static readonly AccountQuota Quota = new() { Concurrency = 6, Requests = 200, Window = Window };
    static readonly VirtualPace Pace = new(TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(60), default, default);

    public static async Task RunAsync(long documents)
    {
        var erp = new CountedRequests(Limits);
        using var host = new LimitedErp(erp, Pace, TimeProvider.System);
        await using var plant = await Plant.StartAsync(new MemoryErp(Batch), Quota);
        using var stop = new CancellationTokenSource();
        var sink = WallRun.SinkAsync(plant, host, Quota, Batch, 0, stop.Token);
        var planning = Task.Run(() => plant.PlanAsync(0, documents), stop.Token);
        var every = TimeSpan.FromSeconds(documents > 200_000 ? 60 : 10);
        Console.WriteLine($"{"second",6} {"queued",10} {"confirmed",10} {"requests",9} {"fullest window",15} {"working set",12} {"objects",9}");
        var (began, before, confirmed) = (Stopwatch.GetTimestamp(), 0, 0L);
        while (confirmed < documents && !sink.IsCompleted)
        {
            await Task.WhenAny(Task.Delay(every, CancellationToken.None), sink, DrainedAsync(plant, documents, every));
            confirmed = await plant.ConfirmedAsync();
            var requests = erp.Arrivals.Count;
            Row(Stopwatch.GetElapsedTime(began), await plant.CountAsync("select count(*) from erp.posting") - confirmed, confirmed, requests - before, erp.LargestWindow);
            before = requests;
        }
        await planning;
        await stop.CancelAsync();
        await sink;
        var (rows, transitions) = (await plant.CountAsync("select count(*) from erp.document"), await plant.CountAsync("select count(*) from erp.transition where to_state = 'confirmed'"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"burst       {documents:N0} documents: {rows:N0} in the ledger, {transitions:N0} confirmed once, {erp.Refused:N0} requests refused; the fullest window held {erp.LargestWindow:N0} of {Limits.Requests:N0} requests"));
    }

    static async Task DrainedAsync(Plant plant, long documents, TimeSpan most)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < most && await plant.ConfirmedAsync() < documents;) await Task.Delay(500);
    }

    static void Row(TimeSpan at, long queued, long confirmed, long requests, long fullest) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{at.TotalSeconds,6:0} {queued,10:N0} {confirmed,10:N0} {requests,9:N0} {fullest,15:N0} {Process.GetCurrentProcess().WorkingSet64 >> 20,9:N0} MB {GC.GetTotalMemory(forceFullCollection: true) >> 20,6:N0} MB"));
}
