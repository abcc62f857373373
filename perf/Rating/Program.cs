using System.Globalization;
using Streams.Perf.Rating;

// rating-perf [--seconds 2] [--customers 100000] [--meters 10] [--threads 2] [--only models|close]
var options = new Dictionary<string, string> { ["--seconds"] = "2", ["--customers"] = "100000", ["--meters"] = "10", ["--threads"] = "2", ["--only"] = "" };
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

if (options["--only"] != "close") Models.Measure(TimeSpan.FromSeconds(Number("--seconds")));
if (options["--only"] != "models") PeriodClose.Measure(Number("--customers"), Number("--meters"), Number("--threads"));
return 0;
