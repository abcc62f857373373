using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Npgsql;
using Spectre.Console;
using Streams.ErpSink.People;

namespace Streams.Cli.Commands;

/// <summary><c>streams audit verify|list|export</c>: the record of what people and configurations changed.</summary>
static class AuditCommand
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Command Create() => new("audit", """
        The audit trail of the ledger: a chain of hashes whose heads are kept in Kafka.

        EXAMPLES
          streams audit verify --bootstrap-server 127.0.0.1:9092
          streams audit list --actor ann
        """) { Verify(), List(), Export() };

    static Command Verify()
    {
        var (postgres, bootstrap, settings, output) = (SharedOptions.Postgres(), SharedOptions.BootstrapServer(), SharedOptions.ClientSettings(), SharedOptions.Output("table", "json"));
        var topic = new Option<string>("--topic") { Description = "Where the heads are kept", DefaultValueFactory = _ => Schemas.Topics.ErpAuditHeads };
        var file = new Option<string?>("--file") { Description = "A file of `audit export` instead of the ledger", HelpName = "FILE" };
        var command = new Command("verify", "Recompute the chain, and with --bootstrap-server hold it against the heads in Kafka: only they show a chain that was written anew as a whole. Exit code 1 when it is broken.\n\nEXAMPLES\n  streams audit verify --postgres \"Host=127.0.0.1;Database=ledger;Username=erp_reader\" --bootstrap-server 127.0.0.1:9092\n  streams audit verify --file audit.jsonl")
            { postgres, bootstrap, settings, topic, file, output };
        command.SetAction(async (parsed, cancel) =>
        {
            var anchors = parsed.GetValue(bootstrap) is null ? null : Anchors(parsed.Kafka(bootstrap, new Option<string?>("--none"), settings), parsed.GetValue(topic)!);
            var verdict = parsed.GetValue(file) is { } path ? await VerifyFileAsync(path, anchors, cancel) : await VerifyLedgerAsync(parsed.GetValue(postgres), anchors, cancel);
            if (parsed.GetValue(output) == "json") Console.WriteLine(JsonSerializer.Serialize(verdict, Json));
            else Print(verdict);
            return verdict.Holds ? ExitCodes.Done : ExitCodes.Failed;
        });
        return command;
    }

    static Command List()
    {
        var (postgres, output) = (SharedOptions.Postgres(), SharedOptions.Output("table", "json"));
        var (actor, subject) = (new Option<string?>("--actor") { Description = "Only of this person" }, new Option<string?>("--subject") { Description = "Only about this, e.g. work_item/17, request/12, quota/1234567" });
        var (after, limit) = (new Option<long>("--after") { Description = "Go on behind this row" }, new Option<int>("--limit") { Description = "At most so many", DefaultValueFactory = _ => 100 });
        var command = new Command("list", "List what was done, by whom and when.\n\nEXAMPLES\n  streams audit list --actor ann\n  streams audit list --subject request/12 --output json") { postgres, actor, subject, after, limit, output };
        command.SetAction(async (parsed, cancel) =>
        {
            var rows = await InLedgerAsync(parsed.GetValue(postgres), c => AuditTrail.ListAsync(c, parsed.GetValue(after), Math.Clamp(parsed.GetValue(limit), 1, 10_000), parsed.GetValue(actor), parsed.GetValue(subject)), cancel);
            if (parsed.GetValue(output) == "json") Console.WriteLine(JsonSerializer.Serialize(rows, Json));
            else PrintRows(rows);
            return rows.Count == 0 ? ExitCodes.NothingMatched : ExitCodes.Done;
        });
        return command;
    }

    static Command Export()
    {
        var postgres = SharedOptions.Postgres();
        var file = new Option<string>("--file") { Description = "Where to write; must not exist", Required = true, HelpName = "FILE" };
        var command = new Command("export", "Write the whole trail to a file, for auditors without access to the ledger.\n\nEXAMPLE\n  streams audit export --file audit.jsonl && streams audit verify --file audit.jsonl") { postgres, file };
        command.SetAction(async (parsed, cancel) =>
        {
            try
            {
                await using var to = new StreamWriter(new FileStream(parsed.GetValue(file)!, FileMode.CreateNew, FileAccess.Write));
                var rows = await InLedgerAsync(parsed.GetValue(postgres), async c => await AuditFile.WriteAsync(to, await AuditTrail.HeadAsync(c), AuditTrail.AllAsync(c, cancel), cancel), cancel);
                Console.WriteLine($"{rows} rows written to {parsed.GetValue(file)}");
                return ExitCodes.Done;
            }
            catch (IOException e)
            {
                throw new CommandException(ExitCodes.WrongUsage, $"--file: {e.Message}");
            }
        });
        return command;
    }

    static Task<AuditVerdict> VerifyLedgerAsync(string? postgres, IReadOnlyList<AuditAnchor>? anchors, CancellationToken cancel) =>
        InLedgerAsync(postgres, async c => await AuditVerification.RunAsync(await AuditTrail.HeadAsync(c), AuditTrail.AllAsync(c, cancel), anchors, cancel), cancel);

    static async Task<AuditVerdict> VerifyFileAsync(string path, IReadOnlyList<AuditAnchor>? anchors, CancellationToken cancel)
    {
        try
        {
            using var reader = new StreamReader(path);
            return await AuditVerification.RunAsync(await AuditFile.ReadHeadAsync(reader, cancel), AuditFile.ReadRowsAsync(reader, cancel), anchors, cancel);
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"--file {path}: {e.Message}");
        }
    }

    /// <summary>In one snapshot: rows and head belong together while others go on writing.</summary>
    static async Task<T> InLedgerAsync<T>(string? postgres, Func<NpgsqlConnection, Task<T>> read, CancellationToken cancel)
    {
        if (postgres is not { Length: > 0 }) throw new CommandException(ExitCodes.WrongUsage, "--postgres is needed: where is the ledger?");
        try
        {
            await using var connection = new NpgsqlConnection(postgres);
            await connection.OpenAsync(cancel);
            await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
            return await read(connection);
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName)
        {
            throw new CommandException(ExitCodes.NothingMatched, "There is no audit trail in this database: no sink has run on it");
        }
        catch (Exception e) when (e is NpgsqlException or ArgumentException or TimeoutException)
        {
            throw new CommandException(ExitCodes.Failed, $"--postgres: {e.Message}");
        }
    }

    static List<AuditAnchor> Anchors(KafkaSettings kafka, string topic) =>
        [.. TopicReader.ReadAll(kafka.ToClientConfig(), topic).Select(r => AuditAnchor.Read(r.Message.Value)).OfType<AuditAnchor>()];

    static void Print(AuditVerdict v)
    {
        var table = new Table().AddColumns("what", "found");
        table.AddRow("ledger", v.Ledger);
        table.AddRow("rows", v.Rows.ToString(CultureInfo.InvariantCulture));
        table.AddRow("head", $"{v.Head} {v.Hash}");
        table.AddRow("heads in Kafka", v.Anchors is { } n ? $"{n}, the last at row {v.LastAnchored}" : "not asked (--bootstrap-server)");
        table.AddRow("not in Kafka yet", v.Anchors is null ? "" : $"{Math.Max(0, v.Head - v.LastAnchored)} rows");
        table.AddRow("chain", v.Holds ? "holds" : "BROKEN");
        AnsiConsole.Write(table);
        foreach (var fault in v.Faults) Console.WriteLine($"row {fault.Sequence}: {fault.What}");
    }

    static void PrintRows(IReadOnlyList<AuditRow> rows)
    {
        var table = new Table().AddColumns("row", "at", "actor", "method", "action", "subject");
        foreach (var r in rows)
        {
            string[] cells = [r.Sequence.ToString(CultureInfo.InvariantCulture), r.At.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture), r.Actor, r.Method, r.Action, r.Subject.Length > 28 ? r.Subject[..28] + "…" : r.Subject];
            table.AddRow([.. cells.Select(Markup.Escape)]);
        }
        AnsiConsole.Write(table);
    }
}
