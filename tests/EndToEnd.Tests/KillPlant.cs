using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Confluent.Kafka;
using Npgsql;
using Streams.Cli;
using Streams.Cli.Demo;
using Streams.Simulators;
using Streams.ErpSink.Status;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.EndToEnd.Tests;

/// <summary>A document as the ERP's journal has it.</summary>
sealed record JournalLine(string Type, string? Key, string? Entity, string? Currency, string Total, string? Date);

/// <summary>
/// The whole product as separate processes on ports, folders and a database of its own: broker, registry, simulated ERP, aggregators, sink, and the
/// commands that an operator gives. Every process may be killed at any time; it comes back as it was.
/// </summary>
sealed class KillPlant : IAsyncDisposable
{
    static readonly TimeSpan CommandPatience = TimeSpan.FromMinutes(5);

    /// <summary>For the next step forward.</summary>
    static readonly TimeSpan SettlePatience = TimeSpan.FromSeconds(120);

    const string AccountName = "1234567";

    readonly Action<string> _say;
    readonly string _folder = Directory.CreateTempSubdirectory("streams-kill-").FullName;
    readonly List<Supervisor> _processes = [];
    readonly List<string> _commandsHit = [];
    TestDatabase? _database;
    string _ledger = "", _bootstrap = "", _registry = "";
    StreamsProcess? _command;

    KillPlant(Action<string> say) => _say = say;

    public Supervisor Broker { get; private set; } = null!;

    public Supervisor Registry { get; private set; } = null!;

    public Supervisor Simulator { get; private set; } = null!;

    public Supervisor Aggregators { get; private set; } = null!;

    public Supervisor Sink { get; private set; } = null!;

    string JournalFile => Path.Combine(_folder, "journal.jsonl");

    /// <summary>All that run for long.</summary>
    public IReadOnlyList<Supervisor> Processes => _processes;

    /// <summary>Points at which imports were killed.</summary>
    public IReadOnlyList<string> CommandsHit => _commandsHit;

    /// <param name="erp">netsuite, or s4hana, which takes whatever is posted a second time.</param>
    public static async Task<KillPlant> StartAsync(Action<string> say, int faultsPerMille = 60, string erp = "netsuite")
    {
        var plant = new KillPlant(say);
        try
        {
            await plant.StartAllAsync(faultsPerMille, erp);
            return plant;
        }
        catch
        {
            await plant.DisposeAsync();
            throw;
        }
    }

    /// <summary>Imports the months' usage and closes the books behind them. A command that is killed or fails is given again, as its message says.</summary>
    public async Task FeedAsync(int first, int months, string? killImportAt = null)
    {
        var file = Path.Combine(_folder, $"usage-{first}-{months}.csv");
        await File.WriteAllTextAsync(file, KillInput.Csv(first, months));
        await RunAsync(["import", "csv", file, "--mapping", Path.Combine(_folder, "mapping.json"), .. Kafka(), "--registry", _registry], killImportAt);
        await CloseAsync(first + months - 1);
    }

    /// <summary>Closes the books of a month; once more changes nothing.</summary>
    public Task CloseAsync(int month) => RunAsync(["periods", "close", "--through", KillInput.CloseOf(month), .. Kafka(), "--registry", _registry]);

    /// <summary>Kills the command that runs now, if one does; it is given again.</summary>
    public void KillCommand()
    {
        try
        {
            _command?.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has just ended.
        }
    }

    /// <summary>Waits until every event has its disposition and every document its end in the ledger.</summary>
    public async Task<TopicAudit> SettleAsync()
    {
        await using var database = NpgsqlDataSource.Create(_ledger);
        var status = new ErpSinkStatus(database);
        var connection = new ClientConfig { BootstrapServers = _bootstrap };
        var (began, still, state) = (Stopwatch.StartNew(), Stopwatch.StartNew(), "");
        while (still.Elapsed < SettlePatience)
        {
            var audit = TopicAudit.Read(connection);
            var documents = TopicReader.ReadAll(connection, Topics.ErpDocuments).LongCount();
            var states = await status.ByStateAsync();
            var ended = states.Where(s => s.State is "confirmed" or "refused" or "held").Sum(s => s.Documents);
            var now = $"{audit.Dispositions.Records} of {audit.InputRecords} events judged, {ended} of {documents} documents ended";
            if (now != state) still.Restart();
            state = now;
            if (audit.Dispositions.Records >= audit.InputRecords && documents > 0 && ended >= documents)
            {
                _say($"settled after {began.Elapsed.TotalSeconds:F1} s: {state}");
                return audit;
            }
            await Task.Delay(250);
        }
        throw new TimeoutException($"not a step further within {SettlePatience}: {state}; logs are in {_folder}");
    }

    /// <summary>The ERP's journal, in the order of keys.</summary>
    public IReadOnlyList<JournalLine> Journal() =>
        [.. SimulatorJournal.Read(JournalFile).Select(r => new JournalLine(r.Type, r.ExternalId, r.Entity, r.Currency, r.Total, r.TranDate))
            .OrderBy(l => l.Key, StringComparer.Ordinal)];

    /// <summary>The checker from outside holds the ERP's journal, the ledger and the topic against one another; its verdict, or why it cannot run here.</summary>
    public async Task<string> ThreeWayAsync()
    {
        if (ThreeWayChecker.Missing is { } missing) return missing;
        var documents = Path.Combine(_folder, "documents.jsonl");
        await File.WriteAllLinesAsync(documents, TopicReader.ReadAll(new ClientConfig { BootstrapServers = _bootstrap }, Topics.ErpDocuments)
            .Select(r => JsonSerializer.Serialize(new { partition = r.Partition.Value, offset = r.Offset.Value, value = Convert.ToBase64String(r.Message.Value) })));
        var names = Path.Combine(_folder, "names.json");
        await File.WriteAllTextAsync(names, """{"currency":{"1":"USD"}}""");
        return ThreeWayChecker.Verdict("--journal", $"{AccountName}={JournalFile}", "--names", $"{AccountName}={names}", "--postgres", _ledger, "--documents", documents, "--settled");
    }

    /// <summary>What was told of the use of features, in the order of ids.</summary>
    public IReadOnlyList<string> Alerts() =>
        [.. TopicReader.ReadAll(new ClientConfig { BootstrapServers = _bootstrap }, Topics.EntitlementAlerts).Select(r => Encoding.UTF8.GetString(r.Message.Value)).Order(StringComparer.Ordinal)];

    /// <summary>What the ledger says: documents by state.</summary>
    public async Task<IReadOnlyDictionary<string, long>> LedgerAsync()
    {
        await using var database = NpgsqlDataSource.Create(_ledger);
        return (await new ErpSinkStatus(database).ByStateAsync()).GroupBy(s => s.State).ToDictionary(g => g.Key, g => g.Sum(s => s.Documents));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in Enumerable.Reverse(_processes)) await process.DisposeAsync();
        if (_database is not null) await _database.DisposeAsync();
        if (Environment.GetEnvironmentVariable("STREAMS_KEEP_LOGS") is null) Directory.Delete(_folder, recursive: true);
        else _say($"logs: {_folder}");
    }

    async Task StartAllAsync(int faultsPerMille, string erp)
    {
        _database = await TestDatabase.CreateAsync();
        _ledger = _database.ConnectionString;
        var first = FreePorts.Take(5);
        (_bootstrap, _registry) = ($"127.0.0.1:{first}", $"http://127.0.0.1:{first + 1}");
        Broker = await SuperviseAsync("broker", "bootstrap=", "broker", "--port", $"{first}", "--data", Path.Combine(_folder, "broker"));
        Registry = await SuperviseAsync("registry", "registry=", ["registry", "--port", $"{first + 1}", .. Kafka()]);
        var key = Path.Combine(_folder, erp == "netsuite" ? "integration.pem" : "password");
        if (erp != "netsuite") await File.WriteAllTextAsync(key, "simulated-secret");
        string[] special = erp == "netsuite" ? ["--key", key, "--faults", $"{faultsPerMille}"] : ["--faults-per-mille", $"{faultsPerMille}"];
        Simulator = await SuperviseAsync("simulator", $"{erp}=", ["simulate", "erp", erp, "--port", $"{first + 2}", "--journal", JournalFile, "--seed", "11", .. special]);
        await PrepareAsync();
        Aggregators = await UpAsync("aggregators", first + 3, new { url = $"http://127.0.0.1:{first + 3}", instanceId = "aggregators-1", tenant = "kill" });
        Sink = await UpAsync("erp-sink", first + 4, new
        {
            url = $"http://127.0.0.1:{first + 4}", instanceId = "sink-1", tenant = "kill",
            erpAccounts = new[] { Account(erp, $"http://127.0.0.1:{first + 2}", key) },
            posting = new
            {
                callTimeout = "00:00:01", settleDelay = "00:00:00.5", lookupSpacing = erp == "s4hana" ? "00:00:03" : "00:00:00.2", throttlePause = "00:00:00.05",
                throttlePauseMax = "00:00:01", idleDelay = "00:00:00.05", maxAttempts = 100,
            },
        });
    }

    static object Account(string erp, string baseAddress, string key)
    {
        var quota = new { concurrency = 4 };
        return erp == "netsuite"
            ? new { erp, account = AccountName, baseAddress, quota, login = new { clientId = "streams-integration", certificateId = "streams-certificate", privateKeyFile = key } }
            : new { erp, account = AccountName, baseAddress, quota, batchSize = 4, login = new { user = "streams-integration", passwordFile = key } };
    }

    async Task PrepareAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "mapping.json"), KillInput.Mapping);
        var contracts = Path.Combine(_folder, "contracts.json");
        await File.WriteAllTextAsync(contracts, KillInput.Contracts);
        await RunAsync(["topics", "create", .. Kafka()]);
        await RunAsync(["schemas", "register", "--registry", _registry]);
        await RunAsync(["contracts", "load", contracts, .. Kafka(), "--registry", _registry]);
    }

    async Task<Supervisor> UpAsync(string role, int port, object config)
    {
        var file = Path.Combine(_folder, $"{role}.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(config));
        return await SuperviseAsync(role, "ready=", ["up", "--roles", role, "--config", file, .. Kafka(), "--registry", _registry, "--postgres", _ledger]);
    }

    async Task<Supervisor> SuperviseAsync(string name, string readyPrefix, params string[] arguments)
    {
        var supervisor = new Supervisor(name, readyPrefix, _folder, arguments);
        _processes.Add(supervisor);
        await supervisor.ReadyAsync();
        return supervisor;
    }

    async Task RunAsync(string[] arguments, string? killAt = null)
    {
        var began = Stopwatch.StartNew();
        var log = "";
        while (true)
        {
            if (began.Elapsed >= CommandPatience) throw new TimeoutException($"'{string.Join(' ', arguments)}' did not succeed\n{log}");
            using var process = _command = StreamsProcess.Start("\0", killAt is null ? null : new Dictionary<string, string> { ["STREAMS_KILL_AT"] = killAt }, arguments);
            await process.EndAsync().WaitAsync(CommandPatience);
            _command = null;
            if (process.ExitCode == 0) return;
            log = process.Log;
            await File.AppendAllTextAsync(Path.Combine(_folder, "commands.log"), $"---- {DateTime.UtcNow:HH:mm:ss.fff} {string.Join(' ', arguments)} ended with {process.ExitCode}\n{log}\n");
            if (killAt is null || !log.Contains($"streams: killed at {killAt}", StringComparison.Ordinal)) continue;
            _commandsHit.Add(killAt);
            killAt = null;
        }
    }

    string[] Kafka() => ["--bootstrap-server", _bootstrap, "-X", "reconnect.backoff.max.ms=500"];
}
