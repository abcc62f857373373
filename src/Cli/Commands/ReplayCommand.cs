using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Spectre.Console;
using Streams.Cli.Commands.Erp;
using Streams.ErpSink;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Replay;
using Streams.ErpSink.Routing;

namespace Streams.Cli.Commands;

/// <summary><c>streams replay plan|execute|status|abort</c>: reads a part of erp.documents again; nothing is posted twice.</summary>
static class ReplayCommand
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    sealed record Shared(Option<string?> Bootstrap, Option<string?> Registry, Option<string[]> Settings, Option<string?> Postgres, Option<string> Group, Option<string> By, Option<string> Output)
    {
        public IEnumerable<Option> All => [Bootstrap, Registry, Settings, Postgres, Group, By, Output];
    }

    public static Command Create()
    {
        var shared = new Shared(SharedOptions.BootstrapServer(), SharedOptions.Registry(), SharedOptions.ClientSettings(), SharedOptions.Postgres(),
            new("--group") { Description = "The sink's consumer group", DefaultValueFactory = _ => "streams-erp-sink" }, ErpCommand.By(), SharedOptions.Output("table", "json"));
        return new Command("replay", "Read documents again from an offset, a time, a period, a customer, a call or a list; nothing is posted twice.") { Plan(shared), Execute(shared), Status(), Abort() };
    }

    static Command Plan(Shared shared)
    {
        var scope = new ReplayScopeOptions();
        var plan = new Command("plan", "Show what reading again would do: offsets, documents, money, calls. Changes nothing but the list of plans.\n\nEXAMPLE\n  streams replay plan --period 2026-01 --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081");
        foreach (var option in scope.All.Concat(shared.All)) plan.Add(option);
        plan.SetAction(async (parsed, cancel) =>
        {
            await using var tool = new Tool(parsed, shared);
            var (run, made) = await RefusableAsync(() => tool.Planner.PlanAsync(scope.Of(parsed, TimeProvider.System), parsed.GetValue(shared.By)!, cancel));
            if (parsed.GetValue(shared.Output) == "json") Console.WriteLine(JsonSerializer.Serialize(new { run.Id, run.PlanHash, Plan = made, ReplayPlan.NotTouched }, Json));
            else Print(run, made);
            return made.Affected.Count == 0 ? ExitCodes.NothingMatched : ExitCodes.Done;
        });
        return plan;
    }

    static Command Execute(Shared shared)
    {
        var hash = new Option<string?>("--plan") { Description = "The hash that `replay plan` printed, or its beginning", HelpName = "HASH" };
        var id = new Option<long?>("--id") { Description = "The replay's number: to go on with one that was interrupted, too" };
        var execute = new Command("execute", "Execute a plan that still holds, or go on with one that was interrupted. What is posted already is only compared.\n\nEXAMPLE\n  streams replay execute --plan 3f9a61c2 --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081") { hash, id };
        foreach (var option in shared.All) execute.Add(option);
        execute.SetAction(async (parsed, cancel) =>
        {
            await using var tool = new Tool(parsed, shared);
            var run = await RefusableAsync(async () =>
            {
                var which = parsed.GetValue(id) ?? await tool.Planner.Runs.FindAsync(parsed.GetValue(hash) ?? throw new CommandException(ExitCodes.WrongUsage, "Give --plan or --id: which replay?"), cancel);
                return await tool.Planner.ExecuteAsync(which, parsed.GetValue(shared.By)!, cancel);
            });
            Console.WriteLine(JsonSerializer.Serialize(new { run.Id, run.State, run.Records, run.Planned, run.Compared, run.Conflicts, run.Rejected }, Json));
            return run.Conflicts + run.Rejected > 0 ? ExitCodes.Partial : ExitCodes.Done;
        });
        return execute;
    }

    static Command Status()
    {
        var id = new Argument<long?>("id") { Description = "One replay; without it the newest ones", DefaultValueFactory = _ => null };
        var (postgres, output) = (SharedOptions.Postgres(), SharedOptions.Output("table", "json"));
        var status = new Command("status", "Show replays: planned, running, done or aborted, and how far they have come.") { id, postgres, output };
        status.SetAction(async (parsed, cancel) =>
        {
            await using var ledger = ErpCommand.Ledger(parsed, postgres);
            var runs = await new ReplayStore(ledger).ListAsync(parsed.GetValue(id), cancel: cancel);
            if (parsed.GetValue(output) == "json") Console.WriteLine(JsonSerializer.Serialize(runs, Json));
            else
            {
                var table = new Table().AddColumns("id", "state", "plan", "scope", "by", "records", "planned", "compared", "conflicts", "rejected", "offsets left");
                foreach (var r in runs) table.AddRow(new[] { Text(r.Id), r.State, r.PlanHash[..12], r.Scope, r.AbortedBy ?? r.ExecutedBy ?? r.PlannedBy, Text(r.Records), Text(r.Planned), Text(r.Compared), Text(r.Conflicts), Text(r.Rejected), Text(r.Left) }.Select(Markup.Escape).ToArray());
                AnsiConsole.Write(table);
            }
            return runs.Count == 0 ? ExitCodes.NothingMatched : ExitCodes.Done;
        });
        return status;
    }

    static Command Abort()
    {
        var id = new Argument<long>("id") { Description = "The replay's number" };
        var (by, postgres) = (ErpCommand.By(), SharedOptions.Postgres());
        var abort = new Command("abort", "Abort a replay: a running one stops before its next batch. What it has planned stays planned.") { id, by, postgres };
        abort.SetAction(async (parsed, cancel) =>
        {
            await using var ledger = ErpCommand.Ledger(parsed, postgres);
            await RefusableAsync(async () =>
            {
                await new ReplayStore(ledger).AbortAsync(parsed.GetValue(id), parsed.GetValue(by)!, cancel);
                return true;
            });
            return ExitCodes.Done;
        });
        return abort;
    }

    static async Task<T> RefusableAsync<T>(Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (ReplayRefusedException e)
        {
            throw new CommandException(ExitCodes.RefusedBySafetyCheck, e.Message);
        }
        catch (ArgumentException e)
        {
            throw new CommandException(ExitCodes.WrongUsage, e.Message);
        }
    }

    static void Print(ReplayRun run, ReplayPlan plan)
    {
        var partitions = new Table().Title(plan.Topic).AddColumns("partition", "read up to", "again from", "to", "records");
        foreach (var p in plan.Partitions) partitions.AddRow([.. new[] { p.Partition, p.Current, p.New, p.End, p.Records }.Select(n => n.ToString(CultureInfo.InvariantCulture))]);
        AnsiConsole.Write(partitions);
        foreach (var money in plan.Affected) AnsiConsole.WriteLine($"affected: {money.Documents} documents, {money.Total} {money.Currency}");
        foreach (var money in plan.ToBePosted) AnsiConsole.WriteLine($"to be posted: {money.Documents} documents, {money.Total} {money.Currency}");
        foreach (var c in plan.Costs) AnsiConsole.WriteLine($"quota of {c.Account}: about {c.Requests} requests for {c.Documents} documents{(c.Seconds is { } s ? $", {s} s" : "")}");
        AnsiConsole.WriteLine($"posted already, only compared: {plan.AlreadyConfirmed}; under way or listed: {plan.UnderWayOrListed}; conflicts: {plan.Conflicts}; unreadable or without a route: {plan.Rejected}");
        if (plan.IntoSignedOff > 0) AnsiConsole.WriteLine($"{plan.IntoSignedOff} documents fall into periods that are signed off: execution is refused");
        AnsiConsole.WriteLine($"not touched: {string.Join(", ", ReplayPlan.NotTouched)}");
        AnsiConsole.WriteLine($"next: streams replay execute --id {run.Id} --plan {run.PlanHash[..16]}");
    }

    static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The planner and what it stands on.</summary>
    sealed class Tool : IAsyncDisposable
    {
        readonly NpgsqlDataSource _database;
        readonly Schemas.Registry.SchemaRegistryClient _registry;

        public Tool(ParseResult parsed, Shared shared)
        {
            var kafka = parsed.Kafka(shared.Bootstrap, shared.Registry, shared.Settings);
            _database = ErpCommand.Ledger(parsed, shared.Postgres);
            _registry = kafka.OpenRegistry();
            var options = new ErpSinkOptions
            {
                BootstrapServers = kafka.BootstrapServers, KafkaSettings = kafka.Client, Group = parsed.GetValue(shared.Group)!, Registry = _registry,
                Postgres = parsed.GetValue(shared.Postgres)!, Accounts = [],
            };
            LedgerSchema.ApplyAsync(_database).GetAwaiter().GetResult();
            var routes = new RouteStore(_database).LatestAsync().GetAwaiter().GetResult()
                ?? throw new CommandException(ExitCodes.NothingMatched, "The ledger has no routes yet: no sink has run on it");
            Planner = new ReplayPlanner(_database, new IntakeStore(_database, routes, options.DeadLettersTopic), new DocumentReader(_registry), options, TimeProvider.System, NullLogger<ReplayPlanner>.Instance);
        }

        public ReplayPlanner Planner { get; }

        public async ValueTask DisposeAsync()
        {
            await _database.DisposeAsync();
            _registry.Dispose();
        }
    }
}
