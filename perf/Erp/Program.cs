using System.Globalization;
using Streams.Perf.Erp;
using Streams.Perf.Erp.Quotas;

var arguments = args.Chunk(2).ToDictionary(a => a[0], a => a.ElementAtOrDefault(1) ?? "");
long Number(string name, long otherwise) => arguments.TryGetValue(name, out var text) ? long.Parse(text, CultureInfo.InvariantCulture) : otherwise;
var only = arguments.GetValueOrDefault("--only", "throughput,plan").Split(',');
if (only is [NetSuiteProcess.Part])
{
    await NetSuiteProcess.RunAsync();
    return;
}
var runs = (int)Number("--runs", 1);
if (only.Contains("throughput")) await Throughput.RunAsync(Number("--documents", 100_000), (int)Number("--batch", 100), runs);
if (only.Contains("http")) await Throughput.OverHttpAsync(Number("--documents", 100_000), runs);
if (only.Contains("plan")) await Queue.RunAsync(Number("--plan", 1_000_000), (int)Number("--batch", 100));
if (only.Contains("quota")) await QuotaRun.RunAsync(TimeSpan.FromSeconds(Number("--seconds", 40)), arguments.GetValueOrDefault("--form", ""));
if (only.Contains("burst")) await BurstRun.RunAsync(Number("--documents", 100_000));
