using System.Globalization;
using Spectre.Console;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Numbers;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Cli.Rating;

/// <summary>A document as an invoice that people read: lines with the tiers they used, sums below, dates by the contract's clock.</summary>
static class InvoiceTable
{
    public static void Print(InvoiceDocument document, ContractBook book)
    {
        var zone = book.Contracts[document.Contract].Zone;
        var payer = book.Customers.TryGetValue(document.Payer, out var known) ? $"{known.Name} ({known.Id})" : document.Payer;
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(Markup.Escape($"{Name(document.Kind)} {document.Id}")), Expand = false };
        table.AddColumns(Column("", Justify.Right), Column("description"), Column("for"), Column("quantity", Justify.Right), Column("unit price", Justify.Right), Column(document.Currency, Justify.Right));
        for (var i = 0; i < document.Lines.Count; i++) Line(table, i + 1, document.Lines[i], document.Currency, zone);
        table.AddEmptyRow();
        foreach (var (name, amount) in Sums(document)) table.AddRow(new Text(""), new Text(name), new Text(""), new Text(""), new Text(""), new Text(Money(amount, document.Currency)));
        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"for {Customer(document.Customer, book)}, to {payer}; period {Days(document.Period, zone)} ({zone.Id}){(document.Corrects is { } corrects ? $"; corrects {corrects}" : "")}");
    }

    static void Line(Table table, int number, InvoiceLine line, string currency, ZoneClock zone)
    {
        var covered = line.Covered.IsZero ? "" : $" (and {line.Covered} from grants)";
        var unit = line.Unit is { } name ? $" {name}" : "";
        table.AddRow(new Text(number.ToString(CultureInfo.InvariantCulture)), new Text(line.Description), new Text(Days(line.Service, zone)), new Text($"{Short(line.Quantity)}{unit}{covered}"), new Text(""), new Text(Money(line.Amount, currency)));
        foreach (var step in (line.Steps ?? []).Where(IsShown)) table.AddRow(new Text(""), new Text($"  {step.Subject}"), new Text(""), new Text(step.Quantity is { } q ? Short(q) : ""), new Text(step.UnitPrice is { } p ? Short(p) : ""), new Text($"({Short(step.Amount)})"));
    }

    /// <summary>Steps that say no more than the line are left out.</summary>
    static bool IsShown(PricingStep step) => step.Kind is not (StepKind.Unit or StepKind.Rounding) || step.UnitPrice is { IsZero: false } price && price != Exact.One;

    static IEnumerable<(string Name, Exact Amount)> Sums(InvoiceDocument document)
    {
        yield return ("subtotal", document.SubTotal);
        foreach (var coupon in document.Coupons) yield return ($"coupon {coupon.Coupon}", -coupon.Amount);
        if (!document.Adjustment.IsZero) yield return (document.Adjustment.Sign > 0 ? "up to the minimum" : "down to the maximum", document.Adjustment);
        if (!document.Tax.IsZero) yield return ("tax", document.Tax);
        foreach (var burn in document.Burns.GroupBy(b => b.Grant)) yield return ($"credit from {burn.Key}", -Exact.Sum(burn.Select(b => b.Amount)));
        if (!document.Carried.IsZero) yield return ("owed from before", -document.Carried);
        if (!document.CarriedForward.IsZero) yield return ("owed, carried forward", document.CarriedForward);
        yield return ("total", document.Total);
    }

    static string Name(InvoiceKind kind) => kind switch
    {
        InvoiceKind.Opening => "Opening invoice",
        InvoiceKind.Threshold => "Invoice at a threshold",
        InvoiceKind.Correction => "Correction",
        InvoiceKind.Preview => "Preview",
        _ => "Invoice",
    };

    static string Customer(string id, ContractBook book) => book.Customers.TryGetValue(id, out var customer) ? $"{customer.Name} ({id})" : id;

    /// <summary>The first and last day; an instant has its day alone.</summary>
    static string Days(TimeWindow window, ZoneClock zone)
    {
        var (first, last) = (zone.DateOf(window.Start), zone.DateOf(new(window.End.Micros - 1)));
        return first == last ? Day(first) : $"{Day(first)} to {Day(last)}";
    }

    static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    static string Money(Exact amount, string currency) => Exact.Abs(amount.Round(Streams.Schemas.Money.MinorUnits(currency), RoundingMode.Down)) == Exact.Abs(amount) ? amount.ToString(Streams.Schemas.Money.MinorUnits(currency)) : Short(amount);

    /// <summary>A fraction that is no decimal is shown to twelve places.</summary>
    static string Short(Exact value) => value.ToString() is var text && text.Contains('/') ? $"≈ {value.Round(12, RoundingMode.HalfEven)}" : text;

    static TableColumn Column(string name, Justify alignment = Justify.Left) => new(name) { Alignment = alignment, NoWrap = alignment == Justify.Right };
}
