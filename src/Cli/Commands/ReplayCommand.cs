using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Spectre.Console;
using Streams.ErpSink;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Replay;

namespace Streams.Cli.Commands;

/// <summary><c>streams replay plan|execute</c>: reads a part of erp.documents again; nothing is posted twice.</summary>
static class ReplayCommand
{
    static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    sealed record Shared(Option<string?> Bootstrap, Option<string?> Registry, Option<string[]> Settings, Option<string?> Postgres, Option<long?> ToOffset,
        Option<DateTimeOffset?> ToDatetime, Option<bool> ToEarliest, Option<string?> Period, Option<string> Group, Option<string> Output)
    {
        public IEnumerable<Option> All => [Bootstrap, Registry, Settings, Postgres, ToEarliest, ToOffset, ToDatetime, Period, Group, Output];
    }

    public static Command Create()
    {
        var shared = new Shared(SharedOptions.BootstrapServer(), SharedOptions.Registry(), SharedOptions.ClientSettings(), SharedOptions.Postgres(),
            new("--to-offset") { Description = "From this offset of each partition on" },
            new("--to-datetime") { Description = "From the first record with this or a later time on (ISO 8601)" },
            new("--to-earliest") { Description = "From the start" },
            new("--period") { Description = "The documents of one billing period", HelpName = "YYYY-MM" },
            new("--group") { Description = "The sink's consumer group", DefaultValueFactory = _ => "streams-erp-sink" },
            SharedOptions.Output("table", "json"));
        var plan = new Command("plan", "Show what reading again would do: offsets, documents, money, calls. Changes nothing.\n\nEXAMPLE\n  streams replay plan --period 2026-01 --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081");
        var hash = new Option<string>("--plan") { Description = "The hash that `replay plan` printed; refused when the world has moved since", Required = true, HelpName = "HASH" };
        var execute = new Command("execute", "Execute a plan that still holds. What is posted already is only compared.\n\nEXAMPLE\n  streams replay execute --period 2026-01 --plan 3f9a… --bootstrap-server 127.0.0.1:9092 --registry http://127.0.0.1:8081") { hash };
        foreach (var option in shared.All)
        {
            plan.Add(option);
            execute.Add(option);
        }
        plan.SetAction(async (parsed, cancel) =>
        {
            await using var tool = new Tool(parsed, shared);
            var made = await tool.Planner.PlanAsync(Scope(parsed, shared), cancel);
            Print(made, parsed.GetValue(shared.Output)!);
            return made.Affected.Count == 0 ? ExitCodes.NothingMatched : ExitCodes.Done;
        });
        execute.SetAction(async (parsed, cancel) =>
        {
            await using var tool = new Tool(parsed, shared);
            try
            {
                var result = await tool.Planner.ExecuteAsync(Scope(parsed, shared), parsed.GetValue(hash)!, cancel);
                Console.WriteLine(JsonSerializer.Serialize(new { result.Records, result.Planned, result.Compared, result.Conflicts, result.Rejected }, Json));
                return result.Conflicts + result.Rejected > 0 ? ExitCodes.Partial : ExitCodes.Done;
            }
            catch (ReplayRefusedException e)
            {
                throw new CommandException(ExitCodes.RefusedBySafetyCheck, e.Message);
            }
        });
        return new Command("replay", "Read documents again from an offset, a time or a period; nothing is posted twice.") { plan, execute };
    }

    static ReplayScope Scope(ParseResult parsed, Shared shared)
    {
        List<ReplayScope> scopes = [];
        if (parsed.GetValue(shared.ToEarliest)) scopes.Add(new ReplayScope.FromOffset(0));
        if (parsed.GetValue(shared.ToOffset) is { } offset) scopes.Add(new ReplayScope.FromOffset(offset));
        if (parsed.GetValue(shared.ToDatetime) is { } time) scopes.Add(new ReplayScope.FromTime(time));
        if (parsed.GetValue(shared.Period) is { } period) scopes.Add(new ReplayScope.OfPeriod(period));
        return scopes.Count == 1 ? scopes[0] : throw new CommandException(ExitCodes.WrongUsage, "Give one of --to-earliest, --to-offset, --to-datetime, --period");
    }

    static void Print(ReplayPlan plan, string output)
    {
        if (output == "json")
        {
            Console.WriteLine(JsonSerializer.Serialize(plan, Json));
            return;
        }
        var partitions = new Table().Title(plan.Topic).AddColumns("partition", "read up to", "again from", "to", "records");
        foreach (var p in plan.Partitions) partitions.AddRow([.. new[] { p.Partition, p.Current, p.New, p.End, p.Records }.Select(n => n.ToString(CultureInfo.InvariantCulture))]);
        AnsiConsole.Write(partitions);
        foreach (var money in plan.Affected) AnsiConsole.WriteLine($"affected: {money.Documents} documents, {money.Total} {money.Currency}");
        foreach (var money in plan.ToBePosted) AnsiConsole.WriteLine($"to be posted: {money.Documents} documents, {money.Total} {money.Currency}");
        AnsiConsole.WriteLine($"posted already, only compared: {plan.AlreadyConfirmed}; under way or listed: {plan.UnderWayOrListed}; conflicts: {plan.Conflicts}; unreadable: {plan.Rejected}");
        AnsiConsole.WriteLine($"calls against the quota: about {plan.EstimatedCalls}. Not touched: committed offsets, usage topics, confirmed documents.");
        AnsiConsole.WriteLine($"next: streams replay execute --plan {plan.Hash} (with the same scope)");
    }

    /// <summary>The planner and what it stands on.</summary>
    sealed class Tool : IAsyncDisposable
    {
        readonly NpgsqlDataSource _database;
        readonly Schemas.Registry.SchemaRegistryClient _registry;

        public Tool(ParseResult parsed, Shared shared)
        {
            var kafka = parsed.Kafka(shared.Bootstrap, shared.Registry, shared.Settings);
            if (parsed.GetValue(shared.Postgres) is not { Length: > 0 } postgres) throw new CommandException(ExitCodes.WrongUsage, "--postgres is needed: where is the ledger?");
            _registry = kafka.OpenRegistry();
            _database = NpgsqlDataSource.Create(postgres);
            var options = new ErpSinkOptions
            {
                BootstrapServers = kafka.BootstrapServers, KafkaSettings = kafka.Client, Group = parsed.GetValue(shared.Group)!, Registry = _registry,
                Postgres = postgres, NetSuite = new() { Account = "none", ClientId = "none", CertificateId = "none", PrivateKeyPem = "" },
            };
            Planner = new ReplayPlanner(_database, new IntakeStore(_database, options.DeadLettersTopic), new DocumentReader(_registry), options, NullLogger<ReplayPlanner>.Instance);
        }

        public ReplayPlanner Planner { get; }

        public async ValueTask DisposeAsync()
        {
            await _database.DisposeAsync();
            _registry.Dispose();
        }
    }
}
