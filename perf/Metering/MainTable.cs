using System.Text.Json;

namespace Streams.Perf.Metering;

/// <summary>All candidates over one topic, in turn, as often as there are runs; what they put out must be equal.</summary>
sealed class MainTable(Setting setting, string[] names)
{
    private const string Input = "usage";

    public void Execute()
    {
        var expected = Child.Generate(setting.Bootstrap, Input, setting.Events);
        var figures = names.ToDictionary(n => n, _ => new List<JsonElement>());
        var contents = new Dictionary<string, List<string>>();
        foreach (var run in Enumerable.Range(1, setting.Runs))
        {
            foreach (var name in names)
            {
                if (Measure(name, run) is not var (result, content)) continue;
                figures[name].Add(result);
                if (!contents.TryGetValue(content, out var same)) contents[content] = same = [];
                same.Add($"{name}-{run}");
            }
        }
        Print(figures);
        Console.WriteLine($"Expected: {expected.Number("windows"):N0} outputs, {expected.Number("duplicates"):N0} duplicates, {expected.Number("late"):N0} late.");
        foreach (var (content, same) in contents) Console.WriteLine($"Outputs {content}: {string.Join(", ", same)}");
        Console.WriteLine(contents.Count == 1 ? "All outputs are equal." : "OUTPUTS DIFFER.");
    }

    private (JsonElement Figures, string Content)? Measure(string name, int run)
    {
        var output = $"rated-{name}-{run}";
        Console.Error.Write($"run {run} of {setting.Runs}: {name} … ");
        try
        {
            var result = Candidates.Run(name, setting.Bootstrap, Input, output, setting.Folder);
            Console.Error.WriteLine($"{result.Number("events") / result.Number("cpu_s"):N0} events/CPU-s");
            return (result, OutputContent.Of(setting.Bootstrap, output));
        }
        catch (InvalidOperationException e)
        {
            // A peer that cannot run here is left out of the table and said so.
            Console.Error.WriteLine(e.Message);
            return null;
        }
    }

    private void Print(Dictionary<string, List<JsonElement>> figures)
    {
        var table = new Report("candidate", "runs", "events/CPU-s", "events/s", "peak/s", "CPU s", "RSS MB", "outputs", "duplicates", "late", "CPU of ours");
        double Median(string name, Func<JsonElement, double> of) => Report.Median(figures[name].Select(of));
        static double PerCpu(JsonElement r) => r.Number("events") / r.Number("cpu_s");
        var ours = names.FirstOrDefault(n => figures[n].Count > 0);
        foreach (var name in names.Where(n => figures[n].Count > 0))
        {
            table.Add(name, $"{figures[name].Count}", Report.Whole(Median(name, PerCpu)), Report.Whole(Median(name, r => r.Number("events_per_s"))),
                Report.Whole(Median(name, r => r.Number("peak_events_per_s"))), Report.Short(Median(name, r => r.Number("cpu_s"))), Report.Whole(Median(name, r => r.Number("peak_rss_mb"))),
                Report.Whole(Median(name, r => r.Number("output_records"))), Report.Whole(Median(name, r => r.Number("duplicates"))), Report.Whole(Median(name, r => r.Number("late"))),
                Report.Short(Median(ours!, PerCpu) / Median(name, PerCpu)) + " ×");
        }
        table.Print();
    }
}
