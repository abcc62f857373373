using System.Text.Json;

namespace Streams.Perf.Metering;

/// <summary>
/// What an event costs as events and customers grow. With more events the time they cover grows too (10 million an hour), as the state of the last hour does
/// not; with more customers a window holds fewer events, so that outputs and changelog records grow: they are counted beside.
/// </summary>
sealed class ScaleRun(Setting setting)
{
    private const int EventsPerMinute = 10_000_000 / 60;

    public void Execute()
    {
        var table = new Report("events", "customers", "minutes", "CPU µs/event", "CPU µs/record in or out", "events/CPU-s", "RSS MB", "outputs");
        for (var events = 1_000_000L; events <= setting.Events; events *= 10) Measure(table, (int)events, 1000, (int)(events / EventsPerMinute));
        foreach (var customers in new[] { 1_000, 10_000, 100_000, 1_000_000 }) Measure(table, Math.Min(setting.Events, 10_000_000), customers, 2);
        // Where windows hold enough events that outputs do not count: what many customers cost by themselves.
        if (setting.Events >= 100_000_000) Measure(table, 100_000_000, 1_000_000, 2);
        table.Print();
    }

    private void Measure(Report table, int events, int customers, int minutes)
    {
        var topic = $"usage-{events}-{customers}-{minutes}";
        Child.Generate(setting.Bootstrap, topic, events, customers, Math.Max(1, minutes));
        var runs = Enumerable.Range(1, setting.Runs).Select(run => Child.Measure("dotnet", Child.Streams(setting.Bootstrap, topic, $"{topic}-rated-{run}"))).ToList();
        double Median(Func<JsonElement, double> of) => Report.Median(runs.Select(of));
        var outputs = Median(r => r.Number("output_records"));
        var cpu = Median(r => r.Number("cpu_s"));
        table.Add($"{events:N0}", $"{customers:N0}", $"{minutes}", Report.Short(cpu / events * 1e6), Report.Short(cpu / (events + outputs) * 1e6), Report.Whole(events / cpu), Report.Whole(Median(r => r.Number("peak_rss_mb"))), Report.Whole(outputs));
        Console.Error.WriteLine($"{events:N0} events of {customers:N0} customers: {cpu / events * 1e6:F2} µs CPU an event");
        Topics.Delete(setting.Bootstrap, topic);
    }
}
