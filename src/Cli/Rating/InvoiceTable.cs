using System.Globalization;
using Spectre.Console;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Numbers;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Cli.Rating;

/// <summary>What a document's ids are shown as; null: the id alone.</summary>
sealed record InvoiceNames(ZoneClock Zone, string? Customer, string? Payer)
{
    public static InvoiceNames Of(InvoiceDocument document, ContractBook book) =>
        new(book.Contracts[document.Contract].Zone, book.Customers.GetValueOrDefault(document.Customer)?.Name, book.Customers.GetValueOrDefault(document.Payer)?.Name);
}

/// <summary>A document as an invoice that people read: lines with the tiers they used, sums below, dates by the contract's clock.</summary>
static class InvoiceTable
{
    public static void Print(InvoiceDocument document, ContractBook book) => Print(document, InvoiceNames.Of(document, book));

    public static void Print(InvoiceDocument document, InvoiceNames names)
    {
        var zone = names.Zone;
        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(Markup.Escape($"{Name(document.Kind)} {document.Id}")), Expand = false };
        table.AddColumns(Column("", Justify.Right), Column("description"), Column("for"), Column("quantity", Justify.Right), Column("unit price", Justify.Right), Column(document.Currency, Justify.Right));
        for (var i = 0; i < document.Lines.Count; i++) Line(table, i + 1, document.Lines[i], document.Currency, zone);
        table.AddEmptyRow();
        foreach (var (name, amount) in Sums(document)) Row(table, "", name, "", "", "", Money(amount, document.Currency));
        AnsiConsole.WriteLine();
        AnsiConsole.Write(table);
        AnsiConsole.WriteLine($"for {Shown(names.Customer, document.Customer)}, to {Shown(names.Payer, document.Payer)}; period {Days(document.Period, zone)} ({zone.Id}){(document.Corrects is { } corrects ? $"; corrects {corrects}" : "")}");
    }

    /// <summary>A line that is a quantity at one price says so itself; others have their steps below.</summary>
    static void Line(Table table, int number, InvoiceLine line, string currency, ZoneClock zone)
    {
        var covered = line.Covered.IsZero ? "" : $" (and {line.Covered} from grants)";
        var unit = line.Unit is { } name ? $" {name}" : "";
        var steps = (line.Steps ?? []).Where(s => s.Kind != StepKind.Rounding).ToList();
        var price = steps is [{ Kind: StepKind.Unit, UnitPrice: { } one }] && line.Quantity != Exact.One ? Short(one) : "";
        Row(table, number.ToString(CultureInfo.InvariantCulture), line.Description, Days(line.Service, zone), $"{Short(line.Quantity)}{unit}{covered}", price, Money(line.Amount, currency));
        if (steps is [{ Kind: StepKind.Unit }]) return;
        foreach (var step in steps) Row(table, "", $"  {step.Subject}", "", step.Quantity is { } q ? Short(q) : "", step.UnitPrice is { } p ? Short(p) : "", $"({Short(step.Amount)})");
    }

    static void Row(Table table, params string[] cells) => table.AddRow([.. cells.Select(c => new Text(c))]);

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

    static string Shown(string? name, string id) => name is null ? id : $"{name} ({id})";

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

    static TableColumn Column(string name, Justify alignment = Justify.Left) => new(name) { Alignment = alignment, NoWrap = name != "description" };
}
