using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Spectre.Console;
using Streams.Cli.Roles;
using Streams.ErpSink;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Reconciliation;
using Streams.Schemas;

namespace Streams.Cli.Commands.Erp;

/// <summary><c>streams erp reconcile</c>: usage = dispositions, billed = documents = confirmed + listed + under way, and with <c>--read-back</c> ledger = ERP.</summary>
static class ErpReconcileCommand
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    sealed record Report(IReadOnlyList<UsageFigures> Usage, IReadOnlyList<BilledFigures> Billed, IReadOnlyList<PeriodFigures> Periods, IReadOnlyDictionary<string, ReadBackCounts> ReadBack, IReadOnlyList<KnownDifference> Differences);

    public static Command Create()
    {
        var period = new Option<string?>("--period") { Description = "Only this billing period", HelpName = "YYYY-MM" };
        var account = new Option<string?>("--account") { Description = "Only this ERP account" };
        var readBack = new Option<bool>("--read-back") { Description = "Read every confirmed document back from the ERPs and compare; needs --config" };
        var config = new Option<string?>("--config") { Description = "Configuration file with the ERP accounts", HelpName = "FILE" };
        var (bootstrap, settings, postgres, output) = (SharedOptions.BootstrapServer(), SharedOptions.ClientSettings(), SharedOptions.Postgres(), SharedOptions.Output("table", "json", "csv"));
        var command = new Command("reconcile", "Compare usage, ledger and ERPs, and list each difference with its amount, age and owner. Ends with 5 when there are any.\n\nEXAMPLE\n  streams erp reconcile --period 2026-01 --read-back --config streams.json")
            { period, account, readBack, config, bootstrap, settings, postgres, output };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var ledger = ErpCommand.Ledger(parsed, postgres);
            await LedgerSchema.ApplyAsync(ledger, cancel);
            var options = Options(parsed.GetValue(config), parsed.GetValue(postgres)!, parsed.GetValue(bootstrap), parsed.GetValue(settings) ?? []);
            var report = await MakeAsync(ledger, options, parsed.GetValue(period), parsed.GetValue(account), parsed.GetValue(readBack), cancel);
            Print(report, parsed.GetValue(output)!);
            return report.Differences.Count > 0 || report.ReadBack.Values.Any(r => r.Unanswered > 0) ? ExitCodes.Partial : ExitCodes.Done;
        });
        return command;
    }

    static ErpSinkOptions Options(string? config, string postgres, string? bootstrap, IEnumerable<string> settings)
    {
        var roles = RoleSettings.Load(config);
        return new ErpSinkOptions
        {
            BootstrapServers = bootstrap, KafkaSettings = SharedOptions.ParseSettings(settings), Registry = new NoRegistry(), Postgres = postgres, Posting = roles.Posting,
            Reconciliation = roles.Reconciliation with { ReadBackPercent = 100 }, Accounts = config is null ? [] : roles.ToAccounts(),
        };
    }

    static async Task<Report> MakeAsync(NpgsqlDataSource ledger, ErpSinkOptions options, string? period, string? account, bool readBack, CancellationToken cancel)
    {
        var usage = new UsageTally(ledger, options, TimeProvider.System);
        if (options.BootstrapServers is not null) await usage.AddAsync(cancel);
        var counts = new SortedDictionary<string, ReadBackCounts>(StringComparer.Ordinal);
        if (readBack)
        {
            if (options.Accounts.Count == 0) throw new CommandException(ExitCodes.WrongUsage, "--read-back needs --config: which accounts?");
            foreach (var described in options.Accounts.Where(a => account is null || a.Name == account))
            {
                using var used = new ErpAccount(described, ledger, options.Instance, options.Posting, TimeProvider.System);
                await used.Gate.PrepareAsync(cancel);
                counts[described.Name] = await new ReadBack(used, ledger, options, TimeProvider.System, NullLogger.Instance).WalkAsync(period, cancel);
            }
        }
        var checks = new LedgerChecks(ledger, options.Reconciliation);
        await checks.CheckAsync(period, cancel);
        return new Report(await usage.UsageAsync(cancel), await usage.BilledAsync(cancel), await checks.FiguresAsync(period, account, cancel), counts, await new DifferenceStore(ledger).ListAsync(period, account, cancel: cancel));
    }

    static void Print(Report report, string output)
    {
        if (output == "json") Console.WriteLine(JsonSerializer.Serialize(report, Json));
        else if (output == "csv") PrintCsv(report.Differences);
        else PrintTables(report);
    }

    static void PrintTables(Report report)
    {
        foreach (var u in report.Usage) AnsiConsole.WriteLine($"usage {u.Topic} {u.Partition}: {u.Records} records = {u.Accepted} accepted + {u.Duplicate} duplicate + {u.Late} late + {u.Parked} parked + {u.DeadLettered} dead-lettered + {u.Control} control + {u.Routed} routed");
        foreach (var b in report.Billed) AnsiConsole.WriteLine($"billed {b.Billed} {b.Currency} ({b.Documents} documents) = in the ledger {b.InLedger} + waiting for journals {b.Waiting} + not for an ERP {b.Unposted}; difference {b.Difference}");
        var periods = new Table().AddColumns("period", "entity", "account", "documents", "planned", "confirmed", "listed", "under way", "difference", "read back", "open differences");
        foreach (var f in report.Periods)
            periods.AddRow(f.Period, f.LegalEntity, f.Account, Text(f.Documents), $"{f.Planned} {f.Currency}", f.Confirmed.ToString(), f.Listed.ToString(), f.UnderWay.ToString(), f.Difference.ToString(), $"{f.Read} of {f.ConfirmedDocuments}", Text(f.OpenDifferences));
        AnsiConsole.Write(periods);
        foreach (var (name, counts) in report.ReadBack) AnsiConsole.WriteLine($"read back from {name}: {counts.Documents} documents, {counts.Differences} differ, {counts.Unanswered} without an answer");
        if (report.Differences.Count == 0)
        {
            AnsiConsole.WriteLine("no differences");
            return;
        }
        var differences = new Table().AddColumns("no.", "class", "subject", "account", "amount", "age", "owner", "cause");
        foreach (var d in report.Differences) differences.AddRow(new[] { Text(d.Id), d.Class, d.Subject, d.Account, $"{d.Amount} {d.Currency}".Trim(), Age(d.AgeSeconds), d.Owner, d.Cause }.Select(Markup.Escape).ToArray());
        AnsiConsole.Write(differences);
    }

    static void PrintCsv(IReadOnlyList<KnownDifference> differences)
    {
        Console.WriteLine("id,class,subject,account,period,entity,currency,amount,owner,first_seen_at,last_seen_at,cause,evidence");
        foreach (var d in differences)
            Console.WriteLine(string.Join(',', new[] { Text(d.Id), d.Class, d.Subject, d.Account, d.Period ?? "", d.LegalEntity ?? "", d.Currency ?? "", d.Amount?.ToString() ?? "", d.Owner,
                $"{d.FirstSeenAt:yyyy-MM-ddTHH:mm:ssZ}", $"{d.LastSeenAt:yyyy-MM-ddTHH:mm:ssZ}", d.Cause, d.Evidence }.Select(Quoted)));
    }

    static string Quoted(string text) => text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    static string Age(long seconds) => seconds < 7200 ? $"{seconds / 60} min" : seconds < 172_800 ? $"{seconds / 3600} h" : $"{seconds / 86_400} d";

    /// <summary>Reconciling reads topics of its own contracts alone and asks for no schema.</summary>
    sealed class NoRegistry : Schemas.Registry.ISchemaRegistry
    {
        public Task<int> GetIdAsync(string subject, string schemaJson, CancellationToken cancel = default) => throw new Schemas.Registry.SchemaRegistryException(0, "no registry is used here");

        public Task<string?> GetSchemaAsync(int id, CancellationToken cancel = default) => throw new Schemas.Registry.SchemaRegistryException(0, "no registry is used here");
    }
}
