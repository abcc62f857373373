using System.Globalization;
using System.Text;
using Streams.ErpSink.Consuming;
using Streams.Schemas;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>The matrix as text: ERP and document kind against faults, each cell green of run.</summary>
static class MatrixTable
{
    const int First = 17, Second = 13, Cell = 9;

    public static string Write(IReadOnlyList<ScenarioResult> results)
    {
        var text = new StringBuilder();
        text.Append("ERP".PadRight(First)).Append("document".PadRight(Second)).AppendJoin("", MatrixFault.All.Select(f => f.Name.PadLeft(Cell))).AppendLine();
        foreach (var erp in MatrixErp.All)
        {
            var own = results.Where(r => r.Scenario.Erp == erp).ToList();
            if (own.Count == 0) continue;
            foreach (var kind in Scenario.Kinds) Row(text, erp.Name, DocumentRules.KindName(kind), own, r => r.Differences.All(d => d.Kind != kind && d.Kind != DocumentKind.Unknown));
            Row(text, erp.Name, "killed", own, r => r.Killed);
            Row(text, erp.Name, "fault met", own, r => r.FaultsMet > 0);
        }
        foreach (var fault in MatrixFault.All) text.AppendLine(CultureInfo.InvariantCulture, $"{fault.Name} {fault.Meaning}");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{results.Count} scenarios, {results.Count(r => r.IsGreen)} green; {results.Count(r => r.Killed)} killed, {results.Count(r => r.FaultsMet > 0)} met their fault; {results.Sum(r => r.Confirmed)} documents confirmed, {results.Sum(r => r.Listed)} listed");
        foreach (var red in results.Where(r => !r.IsGreen)) text.AppendLine(CultureInfo.InvariantCulture, $"RED {red.Scenario.Name} (seed {red.Scenario.Seed}): {red.Differences[0].Text}");
        return text.ToString();
    }

    static void Row(StringBuilder text, string erp, string what, List<ScenarioResult> own, Func<ScenarioResult, bool> isGreen)
    {
        text.Append(erp.PadRight(First)).Append(what.PadRight(Second));
        foreach (var fault in MatrixFault.All)
        {
            var cell = own.Where(r => r.Scenario.Fault == fault).ToList();
            text.Append((cell.Count == 0 ? "-" : $"{cell.Count(isGreen)}/{cell.Count}").PadLeft(Cell));
        }
        text.AppendLine();
    }
}
