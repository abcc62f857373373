using System.CommandLine;
using Spectre.Console;
using Streams.Cli.Rating;
using Streams.Cli.Replay;
using Streams.Schemas;

namespace Streams.Cli.Commands;

/// <summary><c>streams rate verify</c>: documents computed again from the topics.</summary>
static class RateVerifyCommand
{
    public static Command Create()
    {
        var inputs = new KafkaInputs();
        var document = new Option<string?>("--document") { Description = "The document's id" };
        var all = new Option<bool>("--all") { Description = "Every document whose period begins between --from and --to, in one replay for each partition" };
        var from = new Option<DateTimeOffset?>("--from") { Description = "With --all: periods that begin here or later (default: all)", HelpName = "TIME" };
        var to = new Option<DateTimeOffset?>("--to") { Description = "With --all: periods that begin before this (default: all)", HelpName = "TIME" };
        var output = SharedOptions.Output("table", "json");
        var verify = new Command("verify", "Compute documents of the stream again, from usage.events and the contracts as they were, and compare the bytes. Nothing is written.\n\nExit code 0: the same bytes; 1: different, and the first place where; 3: what a replay needs is no longer on record; 4: no such document.\n\nEXAMPLES\n  streams rate verify --document acme-2026/0000/period --bootstrap-server 127.0.0.1:9092\n  streams rate verify --all --from 2026-01-01 --to 2026-02-01 --bootstrap-server 127.0.0.1:9092 --output json") { document, all, from, to, output };
        inputs.AddTo(verify);
        verify.SetAction((parsed, cancel) => KafkaInputs.GuardedAsync(async () =>
        {
            if (parsed.GetValue(all) == parsed.GetValue(document) is not null) throw new CommandException(ExitCodes.WrongUsage, "Either --document or --all is needed");
            var kafka = inputs.Of(parsed);
            var connection = kafka.ToClientConfig();
            var (since, until) = (Time(parsed.GetValue(from), long.MinValue), Time(parsed.GetValue(to), long.MaxValue));
            bool IsIn(Timestamp begin) => begin >= since && begin < until;
            List<RecordedDocument> wanted = parsed.GetValue(document) is { } id ? [RecordedDocument.Find(connection, id).Document] : [.. RecordedDocument.ReadAll(connection).Where(d => IsIn(d.From))];
            if (wanted.Count == 0) throw new CommandException(ExitCodes.NothingMatched, $"There is no document of these periods in {Topics.BillingDocuments}");
            using var replays = await UsageReplays.OpenAsync(kafka, cancel);
            var (verified, figures) = await ProgressBar.RunAsync("replaying", report => Task.Run(() => new Verification(connection, replays)
                .Run(wanted, parsed.GetValue(all) ? made => IsIn(made.Document.Period.Start) : null, report, cancel), cancel));
            Print(verified, figures, parsed.GetValue(output)!);
            return verified.All(v => v.IsEqual) ? ExitCodes.Done : ExitCodes.Failed;
        }));
        return verify;
    }

    static Timestamp Time(DateTimeOffset? time, long otherwise) => time is { } given ? Timestamp.From(given) : new(otherwise);

    static void Print(IReadOnlyList<Verified> verified, ReplayFigures figures, string output)
    {
        if (output == "json") Json(verified, figures);
        else Table(verified);
        foreach (var different in verified.Where(v => !v.IsEqual)) Console.Error.WriteLine($"streams: {different.Id}: {different.Difference}");
        Console.Error.WriteLine($"streams: {verified.Count(v => v.IsEqual)} of {verified.Count} documents are the same bytes; {figures}");
    }

    static void Table(IReadOnlyList<Verified> verified)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumn(new TableColumn("document") { NoWrap = true });
        table.AddColumns("customer", "contract", "period", "total", "hash on record", "hash computed", "events", "verdict");
        foreach (var one in verified)
        {
            var d = one.Document;
            table.AddRow([.. new[]
            {
                one.Id, d?.Customer ?? "", $"{d?.Contract} {Short(d?.Edition)}", d is null ? "" : $"{Day(d.From)} {Day(d.To)}", d is null ? "" : $"{d.Total} {d.Currency}", Short(d?.Sha256), Short(one.Computed),
                d?.Events.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "", one.IsEqual ? "same" : "different",
            }.Select(c => new Text(c))]);
        }
        AnsiConsole.Write(table);
    }

    static void Json(IReadOnlyList<Verified> verified, ReplayFigures figures)
    {
        Printed.Json(new
        {
            records = figures.Records,
            seconds = Math.Round((decimal)figures.Time.TotalSeconds, 3),
            documents = verified.Select(v => new
            {
                document = v.Id, customer = v.Document?.Customer, contract = v.Document?.Contract, edition = v.Document?.Edition, from = v.Document?.From.ToString(), to = v.Document?.To.ToString(),
                total = v.Document?.Total, currency = v.Document?.Currency, sha256 = v.Document?.Sha256, computed = v.Computed, events = v.Document?.Events, equal = v.IsEqual,
                place = v.Difference?.Place, recorded = v.Difference?.Recorded, instead = v.Difference?.Computed,
            }),
        });
    }

    static string Day(Timestamp time) => time.ToString()[..10];

    static string Short(string? hash) => hash is null ? "" : hash[..12];
}
