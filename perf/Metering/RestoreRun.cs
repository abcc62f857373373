using System.Text.Json;

namespace Streams.Perf.Metering;

/// <summary>
/// A run over a topic of many customers leaves changelogs of accounts and identities, both in packs; a second process restores them, and only that
/// is measured.
/// </summary>
sealed class RestoreRun(Setting setting)
{
    private const int Customers = 200_000;

    public void Execute()
    {
        const string Topic = "usage-restore";
        Child.Generate(setting.Bootstrap, Topic, setting.Events, Customers, minutes: 10);
        string[] id = ["--id", "metering-restore"];
        Console.Error.WriteLine("building the changelogs …");
        Child.Measure("dotnet", Child.Streams(setting.Bootstrap, Topic, "rated-restore", id));
        var runs = Enumerable.Range(1, Math.Max(3, setting.Runs))
            .Select(_ => Child.Measure("dotnet", Child.Streams(setting.Bootstrap, Topic, "rated-restore", [.. id, "--until", "Restored"])).GetProperty("restore")).ToList();
        double Median(Func<JsonElement, double> of) => Report.Median(runs.Select(of));
        var table = new Report("changelog records", "accounts and identities", "seconds", "CPU s", "of them a second", "of them a CPU-s");
        table.Add(Report.Whole(Median(r => r.Number("records"))), Report.Whole(Median(r => r.Number("entries"))), Report.Short(Median(r => r.Number("seconds"))), Report.Short(Median(r => r.Number("cpu_s"))),
            Report.Whole(Median(r => r.Number("entries") / r.Number("seconds"))), Report.Whole(Median(r => r.Number("entries") / r.Number("cpu_s"))));
        table.Print();
    }
}
