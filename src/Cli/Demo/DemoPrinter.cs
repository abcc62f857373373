using System.Text.Json;
using Spectre.Console;
using Streams.Cli.Rating;

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
            ["dead-lettered", N(d.DeadLettered)], ["control", N(d.Control)], ["routed to who pays", N(d.Routed)], ["[bold]in usage.events[/]", $"[bold]{N(d.Records)}[/]"],
            ["refused at the entrance", N(report.Entrance.Rejected + report.Entrance.Conflicts)]);
        Show($"Rated by the minute ({N(report.Windows)} windows)", ["meter", "windows", "events", "quantity", "amount"],
            [.. report.Charges.Select(c => new[] { c.Meter, N(c.Windows), N(c.Events), c.Quantity.ToString(), $"{c.Amount} {c.Currency}" })]);
        if (report.Preview is { } preview)
        {
            InvoiceTable.Print(preview.Document, preview.Book);
            AnsiConsole.WriteLine();
        }
        if (report.Live is { } live)
        {
            Show("Live", ["asked", "answer"], ["GET /v1/entitlements", Markup.Escape(live.Entitlement.ToJsonString())], [$"entitlements.alerts ({N(live.Alerts)})", Markup.Escape(live.FirstAlert is { } a ? $"{a["feature"]} of {a["customer"]}: {a["kind"]} {a["percent"]} %, {a["used"]} of {a["allowed"]} used at {a["at"]}" : "none of this customer")],
                [$"preview of {Markup.Escape(live.OpenPeriod)}", $"{Markup.Escape(live.Total)} with usage up to {live.AsOf}"]);
        }
        Show("Documents", ["state", "documents"], [.. report.Documents.Select(s => new[] { s.Key, N(s.Value) })]);
        Show("The ERPs' view", ["", .. report.Erps.Select(e => e.Erp)],
            [
                Row("documents in its journal", report, e => N(e.Documents)), Row("calls", report, e => N(e.Calls)), Row("refused as duplicates", report, e => N(e.DuplicatesRefused)),
                Row("throttled (429)", report, e => N(e.Throttled)), Row("faults injected", report, e => N(e.FaultsInjected)),
                Row("most calls at once / allowed", report, e => $"{e.MaxInFlight} / {e.Limit}"), Row("most calls in a second", report, e => N(e.MaxCallsPerSecond)),
            ]);
        if (report.Exception is { } exception) Print(exception);
        Show("Reconciliation", ["", "left", "right", "difference"],
            [.. report.Reconciliation.Select(l => new[] { Markup.Escape(l.What), l.Left.ToString(), l.Right.ToString(), l.Difference == default ? "[green]0[/]" : $"[red]{l.Difference}[/]" })]);
        AnsiConsole.MarkupLine(report.Reconciled ? $"[green]Reconciled[/] in {report.Seconds:F1} s." : $"[red]Not reconciled[/] ({report.Seconds:F1} s).");
    }

    static void Print(DemoException e)
    {
        Show("An exception on the way", ["work item", "code", "owner", "due", "amount", "customer", "document"],
            [N(e.WorkItem), Markup.Escape(e.Code), e.Owner, e.DueAt is { } due ? $"{due:yyyy-MM-dd HH:mm}Z" : "", e.Amount, e.Customer, $"{e.Document} in {e.Account}"]);
        Console.WriteLine($"What {e.Account} says: {e.Detail}");
        Console.WriteLine($"{e.Reason}. {(e.Commands.Any(c => c.ExitCode is not null) ? "It was put right by these commands:" : "These commands put it right:")}");
        foreach (var command in e.Commands)
        {
            Console.WriteLine($"  $ {command.Line}");
            if (command.Output is { Length: > 0 } output) Console.WriteLine(output);
        }
        Console.WriteLine();
    }

    static string[] Row(string what, DemoReport report, Func<ErpCounts, string> of) => [what, .. report.Erps.Select(of)];

    static void Show(string title, string[] columns, params string[][] rows)
    {
        var table = new Table { Title = new TableTitle(title), Border = TableBorder.Rounded };
        foreach (var (index, name) in columns.Index()) table.AddColumn(new TableColumn(name) { Alignment = index == 0 ? Justify.Left : Justify.Right });
        foreach (var row in rows) table.AddRow(row);
        AnsiConsole.Write(table);
    }

    static string N(long value) => value.ToString("N0", System.Globalization.CultureInfo.InvariantCulture);
}
