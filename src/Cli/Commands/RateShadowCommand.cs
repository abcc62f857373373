using System.CommandLine;
using Spectre.Console;
using Streams.Cli.Rating;
using Streams.Cli.Replay;
using Streams.Rating.Numbers;
using Streams.Schemas;

namespace Streams.Cli.Commands;

/// <summary><c>streams rate shadow</c>: what periods would have cost under other prices.</summary>
static class RateShadowCommand
{
    const int Largest = 10;

    public static Command Create()
    {
        var inputs = new KafkaInputs();
        var book = new Option<string?>("--price-book") { Description = "A price book in place of the one of its id", HelpName = "FILE" };
        var contracts = new Option<string?>("--contracts") { Description = "Contracts, price books, meters and customers in place of those of their ids", HelpName = "FILE" };
        var from = new Option<DateTimeOffset>("--from") { Description = "Periods that begin here or later", Required = true, HelpName = "TIME" };
        var to = new Option<DateTimeOffset>("--to") { Description = "Periods that begin before this", Required = true, HelpName = "TIME" };
        var customer = new Option<string?>("--customer") { Description = "Only this customer's documents (default: all)" };
        var output = SharedOptions.Output("table", "json", "csv");
        var shadow = new Command("shadow", "Say what periods would have cost under another price book or other contracts, per customer and contract, without touching anything: usage.events is only read.\n\nPeriods that have closed are compared, by what their documents ask for before what one carries to another. The file's definitions hold from the beginning of the stream in place of those of their ids; a price book whose new version begins at --from leaves what was before as it was.\nExit code 2: faults of the file, each with field and reason; 4: there is nothing to compare.\n\nEXAMPLES\n  streams rate shadow --price-book new.json --from 2026-01-01 --to 2026-02-01 --bootstrap-server 127.0.0.1:9092\n  streams rate shadow --contracts contracts.json --from 2026-01-01 --to 2026-02-01 --customer acme --output csv --bootstrap-server 127.0.0.1:9092")
        {
            book, contracts, from, to, customer, output,
        };
        inputs.AddTo(shadow);
        shadow.SetAction((parsed, cancel) => KafkaInputs.GuardedAsync(async () =>
        {
            var file = (parsed.GetValue(book), parsed.GetValue(contracts)) switch
            {
                ({ } one, null) => (Path: one, List: "priceBooks"),
                (null, { } one) => (Path: one, List: "contracts"),
                _ => throw new CommandException(ExitCodes.WrongUsage, "Either --price-book or --contracts is needed"),
            };
            var kafka = inputs.Of(parsed);
            var known = Definitions.Current(kafka.ToClientConfig());
            var instead = Definitions.Read(file.Path, file.List, known);
            if (file.List == "priceBooks" && instead.FirstOrDefault(e => e.Kind != EntryKind.PriceBook) is { } other) throw new CommandException(ExitCodes.WrongUsage, $"{file.Path}: {other.Kind} '{other.Id}' is no price book; use --contracts");
            if (file.List == "priceBooks" && instead.FirstOrDefault(e => !known.PriceBooks.ContainsKey(e.Id)) is { } unknown) throw new CommandException(ExitCodes.NothingMatched, $"{file.Path}: no contract is priced by a price book '{unknown.Id}'");
            var (since, until, who) = (Timestamp.From(parsed.GetValue(from)), Timestamp.From(parsed.GetValue(to)), parsed.GetValue(customer));
            using var replays = await UsageReplays.OpenAsync(kafka, cancel);
            var rating = new ShadowRating(replays, instead, made => made.Document.Period.Start >= since && made.Document.Period.Start < until && (who is null || made.Document.Customer == who));
            var figures = await ProgressBar.RunAsync("replaying twice", report => Task.Run(() => rating.Run(report, cancel), cancel));
            if (rating.Rows.Count == 0) throw new CommandException(ExitCodes.NothingMatched, "No period that begins in this time has closed");
            Print(rating.Rows, parsed.GetValue(output)!);
            Console.Error.WriteLine($"streams: {figures}; nothing was written");
            return ExitCodes.Done;
        }));
        return shadow;
    }

    static void Print(IReadOnlyCollection<ShadowRow> rows, string output)
    {
        var totals = rows.GroupBy(r => r.Currency).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new ShadowRow("", "", g.Key) { Now = Exact.Sum(g.Select(r => r.Now)), Then = Exact.Sum(g.Select(r => r.Then)) }).ToList();
        var largest = rows.OrderByDescending(r => Exact.Abs(r.Difference)).Take(Largest).ToList();
        if (output == "csv")
        {
            Printed.Csv("customer", "contract", "currency", "now", "then", "difference", "percent");
            foreach (var row in rows) Printed.Csv(row.Customer, row.Contract, row.Currency, row.Now.ToString(), row.Then.ToString(), row.Difference.ToString(), row.Percent ?? "");
        }
        else if (output == "json") Printed.Json(new { contracts = rows.Select(Json), totals = totals.Select(Json), largest = largest.Select(Json) });
        else
        {
            Table($"The {largest.Count} largest differences of {rows.Count} contracts", largest, totals);
            if (rows.Count > largest.Count) Console.Error.WriteLine("streams: --output csv or json prints all contracts");
        }
    }

    static object Json(ShadowRow row) => new { row.Customer, row.Contract, row.Currency, now = row.Now.ToString(), then = row.Then.ToString(), difference = row.Difference.ToString(), row.Percent };

    static void Table(string title, List<ShadowRow> rows, List<ShadowRow> totals)
    {
        var table = new Table { Border = TableBorder.Rounded, Title = new(title) };
        table.AddColumns("customer", "contract");
        foreach (var name in (string[])["now", "then", "difference", "%", ""]) table.AddColumn(new TableColumn(name) { Alignment = name.Length == 0 ? Justify.Left : Justify.Right });
        void Row(ShadowRow row, string who) => table.AddRow(
            [.. new[] { who, row.Contract, Amount(row.Now, row), Amount(row.Then, row), Amount(row.Difference, row), row.Percent ?? "", row.Currency }.Select(c => new Text(c))]);
        foreach (var row in rows) Row(row, row.Customer);
        table.AddEmptyRow();
        foreach (var row in totals) Row(row, "all contracts");
        AnsiConsole.Write(table);
    }

    static string Amount(Exact amount, ShadowRow row) => amount.Round(Money.MinorUnits(row.Currency), RoundingMode.HalfUp) == amount ? amount.ToString(Money.MinorUnits(row.Currency)) : amount.ToString();
}
