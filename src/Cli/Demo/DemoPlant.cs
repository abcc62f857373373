using System.Security.Cryptography;
using Npgsql;
using Streams.Broker;
using Streams.Broker.Registry;
using Streams.Cli.Roles;
using Streams.ErpSink;
using Streams.ErpSink.Simulator;
using Streams.Ingest.Http;

namespace Streams.Cli.Demo;

/// <summary>
/// Everything that the main job needs, in this process: broker and registry (unless others are given), a simulated NetSuite that fails on purpose,
/// a database of its own, and all roles. Nothing of it is left behind.
/// </summary>
sealed class DemoPlant : IAsyncDisposable
{
    const int Partitions = 4;

    readonly Stack<Func<Task>> _undo = new();

    public required KafkaSettings Kafka { get; set; }

    public NetSuiteSimulator Simulator { get; private set; } = null!;

    public WebApplication Host { get; private set; } = null!;

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
        var name = $"streams_demo_{Environment.ProcessId}";
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
        var keyFile = Path.Combine(folder, "integration.pem");
        await File.WriteAllTextAsync(keyFile, credentials.PrivateKeyPem, cancel);
        Simulator = await NetSuiteSimulator.StartAsync(DemoErp.Simulator(Path.Combine(folder, "erp-journal.jsonl"), credentials), cancel: cancel);
        _undo.Push(async () => await Simulator.DisposeAsync());
        Host = RoleHost.Build(Role.All, Kafka, Postgres, new RoleSettings
        {
            Tenant = "demo", Url = url, LogLevel = LogLevel.Error, RegisterSchemas = true, Posting = DemoErp.Posting,
            Keys = [new ApiKey("demo", Ingest.Http.ApiKey.Hash(ApiKey), "demo", new HashSet<string> { Ingest.Http.ApiKey.UsageWrite, Ingest.Http.ApiKey.ContractWrite })],
            Netsuite = new NetSuiteAccount("1234567", "streams-integration", ErpCredentials.CertificateId, keyFile, Simulator.Address),
        });
        await Host.StartAsync(cancel);
        _undo.Push(async () =>
        {
            await Host.StopAsync();
            await Host.DisposeAsync();
        });
    }
}

/// <summary>The simulated account: it allows five calls at a time, fails now and then, and refuses one customer. The sink keeps to four.</summary>
static class DemoErp
{
    /// <summary>Whose invoices the account refuses as invalid: they end on the work list.</summary>
    public const string RefusedCustomer = "cust-0007";

    public static SimulatorOptions Simulator(string journal, ErpCredentials credentials) => new()
    {
        JournalFile = journal,
        Certificates = new Dictionary<string, string> { [ErpCredentials.CertificateId] = credentials.PublicKeyPem },
        ConcurrencyLimit = 5,
        FaultPerMille = 60,
        RefusedEntities = new HashSet<string> { RefusedCustomer },
        SlowDelay = TimeSpan.FromSeconds(1.5),
        ApplyDelay = TimeSpan.FromMilliseconds(500),
    };

    /// <summary>Patience fit for a minute's demonstration; production waits as long as the real account may take.</summary>
    public static PostingOptions Posting => new()
    {
        ConcurrencyLimit = 4,
        CallTimeout = TimeSpan.FromSeconds(1),
        SettleDelay = TimeSpan.FromSeconds(1),
        LookupSpacing = TimeSpan.FromMilliseconds(200),
        ThrottlePause = TimeSpan.FromMilliseconds(50),
        ThrottlePauseMax = TimeSpan.FromSeconds(1),
        IdleDelay = TimeSpan.FromMilliseconds(50),
        ClaimBatch = 128,
    };
}
