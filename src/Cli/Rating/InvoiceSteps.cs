using System.Globalization;
using Streams.Rating.Invoicing;
using Streams.Rating.Pricing;

namespace Streams.Cli.Rating;

/// <summary>Calculations step by step.</summary>
static class InvoiceSteps
{
    /// <param name="document">With steps.</param>
    /// <param name="wanted">A line's number or key; null: all lines, and the document's sums.</param>
    /// <param name="output">Where to.</param>
    /// <returns>Whether there was such a line.</returns>
    public static bool Print(InvoiceDocument document, string? wanted, TextWriter output)
    {
        var found = false;
        for (var i = 0; i < document.Lines.Count; i++)
        {
            var line = document.Lines[i];
            if (wanted is not null && wanted != line.Key && wanted != (i + 1).ToString(CultureInfo.InvariantCulture)) continue;
            found = true;
            output.WriteLine($"{document.Id}, line {i + 1}: {line.Description} ({line.Key}), version {line.Version} of the contract");
            Steps(line.Steps, output);
            if (line.Unrounded != line.Amount) output.WriteLine($"  before rounding: {line.Unrounded}");
            output.WriteLine($"  amount: {line.Amount} {document.Currency}");
        }
        if (wanted is not null) return found;
        output.WriteLine($"{document.Id}: the document");
        output.WriteLine($"  lines added up: {document.SubTotal}");
        Steps(document.Steps, output);
        foreach (var burn in document.Burns) output.WriteLine($"  credit from {burn.Grant} for {burn.At}: {-burn.Amount} (revenue {burn.Revenue})");
        if (!document.Carried.IsZero) output.WriteLine($"  owed from before: {-document.Carried}");
        if (!document.CarriedForward.IsZero) output.WriteLine($"  owed, carried forward: {document.CarriedForward}");
        output.WriteLine($"  total: {document.SubTotal} - {document.CouponTotal} + {document.Adjustment} + {document.Tax} - {document.Credit} - {document.Carried} + {document.CarriedForward} = {document.Total} {document.Currency}");
        return true;
    }

    static void Steps(IReadOnlyList<PricingStep>? steps, TextWriter output)
    {
        foreach (var step in steps ?? []) output.WriteLine($"  {step}");
    }
}
