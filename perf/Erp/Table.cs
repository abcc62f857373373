namespace Streams.Perf.Erp;

/// <summary>A table on the standard output: the first column to the left, figures to the right.</summary>
static class Table
{
    public static void Print(string title, IReadOnlyList<string[]> rows)
    {
        Console.WriteLine();
        Console.WriteLine(title);
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        foreach (var row in rows) Console.WriteLine("  " + string.Join("  ", row.Select((cell, c) => c == 0 ? cell.PadRight(widths[c]) : cell.PadLeft(widths[c]))));
    }
}
