using System.Security.Cryptography;
using Npgsql;
using Streams.Broker;
using Streams.Broker.Registry;
using Streams.Cli.Roles;
using Streams.ErpSink;
using Streams.Simulators;
using Streams.Ingest.Http;

namespace Streams.Cli.Demo;

/// <summary>
/// Everything that the main job needs, in this process: broker and registry (unless others are given), a simulated NetSuite that fails on purpose,
/// a database of its own, and all roles. Nothing of it is left behind.
/// </summary>
sealed class DemoPlant : IAsyncDisposable
{
    const int Partitions = 4;

    static int _plants;

    readonly Stack<Func<Task>> _undo = new();

    public required KafkaSettings Kafka { get; set; }

    /// <summary>The simulated ERPs: NetSuite for the American entity, S/4HANA for the European one.</summary>
    public IReadOnlyList<SimulatedErp> Erps { get; private set; } = [];

    /// <summary>What all ERPs have committed, by their own journals.</summary>
    public IEnumerable<SimulatedRecord> Committed => Erps.SelectMany(e => e.Journal.Records);

    public WebApplication Host { get; private set; } = null!;

    public DemoFiles Files { get; private set; } = null!;

    /// <summary>The file in which the ERP of an account keeps what it has committed.</summary>
    public string JournalOf(string account) => Files.In($"{account}.jsonl");

    public string Postgres { get; private set; } = "";

    /// <summary>The producers' key; made anew for each run.</summary>
    public string ApiKey { get; } = "sk_" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public static async Task<DemoPlant> StartAsync(KafkaSettings? kafka, string postgres, string url, CancellationToken cancel)
    {
        var given = kafka ?? new KafkaSettings("", null, new Dictionary<string, string>());
        // The clients' own remarks would come between the person and the progress bar.
        var plant = new DemoPlant { Kafka = given with { Client = new Dictionary<string, string>(given.Client) { ["log_level"] = "2" } } };
        try
        {
            var folder = plant.MakeFolder();
            if (kafka is null) await plant.StartBrokerAsync(Path.Combine(folder, "broker"), cancel);
            if (TopicReader.HasRecords(plant.Kafka.ToClientConfig(), Schemas.Topics.UsageEvents))
                throw new CommandException(ExitCodes.RefusedBySafetyCheck, $"{plant.Kafka.BootstrapServers} holds usage events already; the demo wants a Kafka of its own");
            if (plant.Kafka.RegistryUrl is null) await plant.StartRegistryAsync(cancel);
            await TopicProvisioner.EnsureAsync(plant.Kafka.ToClientConfig(), Partitions);
            await plant.CreateDatabaseAsync(postgres, cancel);
            await plant.StartErpAndRolesAsync(folder, url, cancel);
            return plant;
        }
        catch
        {
            await plant.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_undo.TryPop(out var undo)) await undo();
    }

    string MakeFolder()
    {
        var folder = Directory.CreateTempSubdirectory("streams-demo-").FullName;
        _undo.Push(() =>
        {
            Directory.Delete(folder, recursive: true);
            return Task.CompletedTask;
        });
        return folder;
    }

    async Task StartBrokerAsync(string folder, CancellationToken cancel)
    {
        var broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = folder }, cancel);
        _undo.Push(async () => await broker.DisposeAsync());
        Kafka = Kafka with { BootstrapServers = broker.BootstrapServers };
    }

    async Task StartRegistryAsync(CancellationToken cancel)
    {
        var registry = await EmbeddedRegistry.StartAsync(new EmbeddedRegistryOptions { BootstrapServers = Kafka.BootstrapServers, ClientSettings = Kafka.Client }, cancel);
        _undo.Push(async () => await registry.DisposeAsync());
        Kafka = Kafka with { RegistryUrl = registry.Url };
    }

    async Task CreateDatabaseAsync(string postgres, CancellationToken cancel)
    {
        var name = $"streams_demo_{Environment.ProcessId}_{Interlocked.Increment(ref _plants)}";
        await ExecuteAsync(postgres, $"drop database if exists {name} with (force); create database {name}", cancel);
        _undo.Push(() => ExecuteAsync(postgres, $"drop database if exists {name} with (force)", CancellationToken.None));
        Postgres = new NpgsqlConnectionStringBuilder(postgres) { Database = name }.ConnectionString;
    }

    static async Task ExecuteAsync(string postgres, string statements, CancellationToken cancel)
    {
        await using var source = NpgsqlDataSource.Create(postgres);
        foreach (var statement in statements.Split("; "))
        {
            await using var command = source.CreateCommand(statement);
            await command.ExecuteNonQueryAsync(cancel);
        }
    }

    async Task StartErpAndRolesAsync(string folder, string url, CancellationToken cancel)
    {
        var credentials = ErpCredentials.Create();
        Files = new DemoFiles(folder);
        var netSuite = await NetSuiteSimulator.StartAsync(DemoErp.Simulator(JournalOf("america"), credentials), cancel: cancel);
        _undo.Push(async () => await netSuite.DisposeAsync());
        var sap = await SapSimulator.StartAsync(DemoErp.Simulator(JournalOf("europe"), credentials) with { FaultPerMille = 250, MasterData = DemoErp.KnownCustomers }, cancel: cancel);
        _undo.Push(async () => await sap.DisposeAsync());
        Erps = [netSuite, sap];
        var settings = await Files.WriteAsync(credentials, netSuite, sap, cancel);
        Host = RoleHost.Build(Role.All, Kafka, Postgres, settings with
        {
            Url = url, LogLevel = LogLevel.Error, RegisterSchemas = true,
            Keys = [new ApiKey("demo", Ingest.Http.ApiKey.Hash(ApiKey), "demo", new HashSet<string> { Ingest.Http.ApiKey.UsageWrite, Ingest.Http.ApiKey.ContractWrite, Ingest.Http.ApiKey.UsageRead })],
        });
        await Host.StartAsync(cancel);
        _undo.Push(async () =>
        {
            await Host.StopAsync();
            await Host.DisposeAsync();
        });
        await Files.WriteShellAsync(Host.Urls.First(), Postgres, cancel);
    }
}

/// <summary>The simulated accounts: they allow five calls at a time, fail now and then, and S/4HANA does not know one customer. The sink keeps to four.</summary>
static class DemoErp
{
    /// <summary>The legal entity whose books are kept in S/4HANA.</summary>
    public const string Europe = "EU01";

    /// <summary>Of the simulated tenant's communication user.</summary>
    public const string Password = "simulated-secret";

    /// <summary>Calls at a time that the sink makes.</summary>
    public const int Concurrency = 4;

    /// <summary>Whom S/4HANA does not know yet: the invoice ends on the work list.</summary>
    public const string UnknownCustomer = "cust-0007";

    public static IReadOnlyDictionary<string, KnownValues> KnownCustomers { get; } = new Dictionary<string, KnownValues> { ["customers"] = new(Pattern: $"^(?!{UnknownCustomer}$)") };

    /// <summary>Told to the simulated tenant, it knows all customers.</summary>
    public const string AllCustomers = """{"customers":{"pattern":"."}}""";

    public static SimulatorOptions Simulator(string journal, ErpCredentials credentials) => new()
    {
        JournalFile = journal,
        Certificates = new Dictionary<string, string> { [ErpCredentials.CertificateId] = credentials.PublicKeyPem },
        ConcurrencyLimit = 5,
        FaultPerMille = 60,
        SlowDelay = TimeSpan.FromSeconds(1.5),
        ApplyDelay = TimeSpan.FromMilliseconds(500),
    };

    /// <summary>Patience fit for a minute's demonstration; production waits as long as the real account may take. A call has its time even on a busy machine: S/4HANA takes what comes twice.</summary>
    public static PostingOptions Posting => new()
    {
        CallTimeout = TimeSpan.FromSeconds(10),
        SettleDelay = TimeSpan.FromSeconds(1),
        LookupSpacing = TimeSpan.FromMilliseconds(200),
        ThrottlePause = TimeSpan.FromMilliseconds(50),
        ThrottlePauseMax = TimeSpan.FromSeconds(1),
        IdleDelay = TimeSpan.FromMilliseconds(50),
    };
}
