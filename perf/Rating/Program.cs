using System.Globalization;
using Streams.Perf.Rating;

// rating-perf [--seconds 2] [--customers 100000] [--meters 10] [--threads 2] [--rate 5000] [--only models|close|close-topology|entitlements]
if (args is ["--serve", var served])
{
    await LookUpServer.RunAsync(int.Parse(served, CultureInfo.InvariantCulture));
    return 0;
}
if (args is ["--entitlements", .. var rest]) args = ["--only", "entitlements", .. rest];
var options = new Dictionary<string, string> { ["--seconds"] = "2", ["--customers"] = "100000", ["--meters"] = "10", ["--threads"] = "2", ["--rate"] = "5000", ["--only"] = "" };
for (var i = 0; i < args.Length; i += 2)
{
    if (!options.ContainsKey(args[i]) || i + 1 == args.Length)
    {
        Console.Error.WriteLine($"rating-perf: {args[i]} is no option with a value; there are {string.Join(", ", options.Keys)}");
        return 2;
    }
    options[args[i]] = args[i + 1];
}
int Number(string name) => int.Parse(options[name], CultureInfo.InvariantCulture);

if (options["--only"] is "" or "models") Models.Measure(TimeSpan.FromSeconds(Number("--seconds")));
if (options["--only"] is "" or "close") PeriodClose.Measure(Number("--customers"), Number("--meters"), Number("--threads"));
if (options["--only"] is "" or "close-topology") TopologyClose.Measure(Number("--customers"), Number("--meters"), Number("--threads"));
if (options["--only"] is "" or "entitlements") await LookUps.MeasureAsync(Number("--customers"), TimeSpan.FromSeconds(Number("--seconds")), Number("--rate"));
return 0;
