using System.Globalization;
using Streams.ErpSink.Quotas;

namespace Streams.Perf.Erp.Quotas;

/// <summary>How much of a quota is used by several sinks together, and what the ERP's fullest window held: each form of quota in virtual time, and one in wall time.</summary>
static class QuotaRun
{
    const int Sinks = 2;
    static readonly TimeSpan Lease = TimeSpan.FromMinutes(8);

    public static async Task RunAsync(TimeSpan wall, string only)
    {
        Print("quota", "what is stated", "used", "most", "allowed", "refused", "time");
        await using (var plant = await Plant.StartAsync(new MemoryErp(1), new AccountQuota()))
        {
            await using var time = await VirtualTime.CreateAsync(plant.ConnectionString);
            foreach (var form in QuotaForms.All.Where(f => f.Name.Contains(only, StringComparison.OrdinalIgnoreCase))) await VirtualAsync(time, form);
        }
        if (wall > TimeSpan.Zero) await WallRun.RunAsync(wall);
    }

    static async Task VirtualAsync(VirtualTime time, QuotaForm form)
    {
        var erp = new CountedRequests(form.Limits);
        var (backlog, began) = (new Backlog(long.MaxValue / 2, 0), time.Now);
        var sinks = new List<VirtualSink>();
        var neighbour = form.NeighbourPerSecond > 0 ? new Neighbour(time, erp, form.NeighbourPerSecond) : null;
        neighbour?.Start();
        for (var n = 0; n < Sinks; n++)
        {
            var gate = new QuotaGate(time.Database, form.Name, $"sink-{n}", form.Quota, Lease, TimeProvider.System);
            await gate.PrepareAsync();
            sinks.Add(new VirtualSink(time, gate, erp, form.Pace, backlog, form.Quota.Concurrency + 1, seed: n + 1));
            sinks[n].Start();
        }
        await time.RunAsync(TimeSpan.FromTicks(began) + form.Length);
        Print(form, erp, began, time.Now, $"{form.Length.TotalMinutes:0} min virtual");
        neighbour?.Go();
        foreach (var sink in sinks) sink.Kill();
    }

    /// <summary>What was used behind the first window, which begins empty.</summary>
    public static void Print(QuotaForm form, CountedRequests erp, long began, long ended, string time)
    {
        var window = (form.Limits.Window ?? TimeSpan.FromMinutes(1)).Ticks;
        var (requests, execution) = erp.Between(began + window, ended);
        decimal windows = (ended - began - window) / (decimal)window;
        var (used, most, allowed) = form.Counts switch
        {
            Counted.Requests => (requests / (form.Limits.Requests!.Value * windows), $"{erp.LargestWindow:N0}", $"{form.Limits.Requests:N0}"),
            Counted.Execution => (execution.Ticks / (form.Limits.Execution!.Value.Ticks * windows), $"{erp.LargestExecution.TotalSeconds:N0} s", $"{form.Limits.Execution.Value.TotalSeconds:N0} s"),
            _ => (execution.Ticks / (form.Quota.Concurrency * window * windows), $"{erp.LargestConcurrency}", $"{form.Limits.Concurrency}"),
        };
        Print(form.Name, form.States, string.Create(CultureInfo.InvariantCulture, $"{used * 100:0.0} %"), most, allowed, erp.Refused.ToString(CultureInfo.InvariantCulture), time);
    }

    static void Print(params string[] cells) =>
        Console.WriteLine($"{cells[0],-26} {cells[1],-27} {cells[2],8} {cells[3],10} {cells[4],10} {cells[5],8}  {cells[6]}");
}
