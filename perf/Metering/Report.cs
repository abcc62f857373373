using System.Globalization;
using Spectre.Console;

namespace Streams.Perf.Metering;

/// <summary>A table in Markdown on standard output.</summary>
sealed class Report
{
    private readonly Table _table = new Table().MarkdownBorder();

    public Report(params string[] columns)
    {
        for (var i = 0; i < columns.Length; i++) _table.AddColumn(i == 0 ? new TableColumn(columns[i]) : new TableColumn(columns[i]).RightAligned());
    }

    public void Add(params string[] cells) => _table.AddRow(cells.Select(Markup.Escape).ToArray());

    public void Print()
    {
        AnsiConsole.Profile.Width = 180;
        AnsiConsole.Write(_table);
    }

    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    public static string Whole(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Short(double value) => value.ToString(value >= 100 ? "#,0" : value >= 10 ? "0.0" : "0.00", CultureInfo.InvariantCulture);
}
