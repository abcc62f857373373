using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;
using Streams.ErpSink.Status;

namespace Streams.Cli.Commands.Erp;

/// <summary><c>streams erp batches</c> and <c>streams erp quota</c>: the calls of the ledger, and what the accounts allow.</summary>
static class ErpFiguresCommand
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Batches()
    {
        var account = new Option<string?>("--account") { Description = "Only this ERP account" };
        var most = new Option<int>("--limit") { Description = "The newest so many", DefaultValueFactory = _ => 20 };
        var (postgres, output) = (SharedOptions.Postgres(), SharedOptions.Output("table", "json"));
        var command = new Command("batches", "The newest calls to the ERPs, with how many documents each held and what became of them.") { account, most, postgres, output };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var ledger = ErpCommand.Ledger(parsed, postgres);
            var calls = await new CallStatus(ledger).CallsAsync(parsed.GetValue(account), parsed.GetValue(most), cancel);
            Print(parsed.GetValue(output)!, calls, ["call", "account", "kind", "documents", "started", "milliseconds", "outcomes"], c =>
                [Text(c.Id), c.Account, c.Call, Text(c.Documents), $"{c.StartedAt:yyyy-MM-ddTHH:mm:ssZ}", c.Milliseconds is { } ms ? Text(ms) : "open", c.Outcomes]);
            return calls.Count == 0 ? ExitCodes.NothingMatched : ExitCodes.Done;
        });
        return command;
    }

    public static Command Quota()
    {
        var (postgres, output) = (SharedOptions.Postgres(), SharedOptions.Output("table", "json"));
        var command = new Command("quota", "What each ERP account allows, and how much of it is in use.") { postgres, output };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var ledger = ErpCommand.Ledger(parsed, postgres);
            var quotas = await new CallStatus(ledger).QuotasAsync(cancel);
            Print(parsed.GetValue(output)!, quotas, ["account", "under way", "of", "in the window", "of", "window", "share", "paused for"], q =>
                [q.Account, Text(q.UnderWay), Text(q.Concurrency), Text(q.InWindow), q.Requests is { } r ? Text(r) : "-", q.WindowSeconds is { } w ? $"{w} s" : "-", $"{q.SharePercent} %", $"{q.PausedSeconds} s"]);
            return quotas.Count == 0 ? ExitCodes.NothingMatched : ExitCodes.Done;
        });
        return command;
    }

    public static Command Entries()
    {
        var document = new Argument<string?>("document") { Description = "The key of a summary journal, or of a document that may be in one; without it all that wait for a journal", Arity = ArgumentArity.ZeroOrOne };
        var most = new Option<int>("--limit") { Description = "The first so many", DefaultValueFactory = _ => 1000 };
        var (postgres, output) = (SharedOptions.Postgres(), SharedOptions.Output("table", "json"));
        var command = new Command("entries", "Documents and the summary journals that they reach the ERP by, as far as reconciliation has read.\n\nEXAMPLES\n  streams erp entries 7H2K9M4Q8W1X5Z3B\n  streams erp entries")
            { document, most, postgres, output };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var ledger = ErpCommand.Ledger(parsed, postgres);
            var entries = await new EntryStatus(ledger).EntriesAsync(parsed.GetValue(document), parsed.GetValue(most), cancel);
            Print(parsed.GetValue(output)!, entries, ["erp.entries", "document", "date", "amount", "in", "account", "state", "ERP id"], e =>
                [e.Place, e.DocumentKey, e.DocumentDate, string.Create(CultureInfo.InvariantCulture, $"{e.Balance:0.#########} {e.Currency}"), e.InDocument ?? "waits", e.Account ?? "", e.State ?? "", e.ErpId ?? ""]);
            return entries.Count == 0 ? ExitCodes.NothingMatched : ExitCodes.Done;
        });
        return command;
    }

    static void Print<T>(string output, IReadOnlyList<T> rows, string[] columns, Func<T, string[]> cells)
    {
        if (output == "json")
        {
            Console.WriteLine(JsonSerializer.Serialize(rows, Json));
            return;
        }
        var table = new Table().AddColumns(columns);
        foreach (var row in rows) table.AddRow(cells(row).Select(Markup.Escape).ToArray());
        AnsiConsole.Write(table);
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
