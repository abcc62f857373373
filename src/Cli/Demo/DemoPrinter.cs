using System.Text.Json;
using Spectre.Console;

namespace Streams.Cli.Demo;

/// <summary>Prints the report: tables for people, one JSON object for programs.</summary>
static class DemoPrinter
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void AsJson(DemoReport report) => Console.Out.WriteLine(JsonSerializer.Serialize(report, Json));

    public static void AsTables(DemoReport report)
    {
        var d = report.Dispositions;
        Show("Events", ["disposition", "records"],
            ["accepted", N(d.Accepted)], ["duplicate", N(d.Duplicate)], ["late", N(d.Late)], ["parked (no contract)", N(d.Parked)],
            ["dead-lettered", N(d.DeadLettered)], ["control", N(d.Control)], ["[bold]in usage.events[/]", $"[bold]{N(d.Records)}[/]"],
            ["refused at the entrance", N(report.Entrance.Rejected + report.Entrance.Conflicts)]);
        Show($"Charges ({N(report.Windows)} windows)", ["meter", "windows", "events", "quantity", "amount"],
            [.. report.Charges.Select(c => new[] { c.Meter, N(c.Windows), N(c.Events), c.Quantity.ToString(), $"{c.Amount} {c.Currency}" })]);
        Show("Documents", ["state", "documents"], [.. report.Documents.Select(s => new[] { s.Key, N(s.Value) })]);
        var e = report.Erp;
        Show("The ERP's view", ["", ""], ["documents in its journal", N(e.Documents)], ["calls", N(e.Calls)], ["refused as duplicates", N(e.DuplicatesRefused)],
            ["throttled (429)", N(e.Throttled)], ["faults injected", N(e.FaultsInjected)], ["most calls at once / allowed", $"{e.MaxInFlight} / {e.Limit}"],
            ["most calls in a second", N(e.MaxCallsPerSecond)]);
        Show("Reconciliation", ["", "left", "right", "difference"],
            [.. report.Reconciliation.Select(l => new[] { Markup.Escape(l.What), l.Left.ToString(), l.Right.ToString(), l.Difference == default ? "[green]0[/]" : $"[red]{l.Difference}[/]" })]);
        AnsiConsole.MarkupLine(report.Reconciled ? $"[green]Reconciled[/] in {report.Seconds:F1} s." : $"[red]Not reconciled[/] ({report.Seconds:F1} s).");
    }

    static void Show(string title, string[] columns, params string[][] rows)
    {
        var table = new Table { Title = new TableTitle(title), Border = TableBorder.Rounded };
        foreach (var (index, name) in columns.Index()) table.AddColumn(new TableColumn(name) { Alignment = index == 0 ? Justify.Left : Justify.Right });
        foreach (var row in rows) table.AddRow(row);
        AnsiConsole.Write(table);
    }

    static string N(long value) => value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
}
