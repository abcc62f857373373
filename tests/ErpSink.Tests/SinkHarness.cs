using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.Simulators;
using Streams.ErpSink.Status;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.ErpSink.Tests;

/// <summary>The sink's parts against a simulated account with its own name, permits and journal.</summary>
sealed class SinkHarness : IAsyncDisposable
{
    static int _accounts;
    static readonly (string PrivateKeyPem, string PublicKeyPem) Keys = ClientAssertion.NewKeyPair("ES256");

    readonly string _folder = Directory.CreateTempSubdirectory("streams-erp-").FullName;
    readonly int _number = Interlocked.Increment(ref _accounts);
    string Account => $"TEST{_number}";
    readonly List<ErpAccount> _accountsUsed = [];
    SimulatorOptions _simulated = null!;

    public required NpgsqlDataSource Database { get; init; }

    public NetSuiteSimulator Simulator { get; private set; } = null!;

    public ErpSinkStatus Status => new(Database);

    public FixedRegistry Registry { get; } = new();

    public static readonly PostingOptions Fast = new()
    {
        CallTimeout = TimeSpan.FromMilliseconds(500),
        SettleDelay = TimeSpan.FromMilliseconds(60),
        LookupSpacing = TimeSpan.FromMilliseconds(30),
        ThrottlePause = TimeSpan.FromMilliseconds(10),
        ThrottlePauseMax = TimeSpan.FromMilliseconds(80),
        IdleDelay = TimeSpan.FromMilliseconds(15),
        JobSpacing = TimeSpan.FromMilliseconds(20),
        BreakDuration = TimeSpan.FromMilliseconds(500),
    };

    public static async Task<SinkHarness> StartAsync(NpgsqlDataSource database, Func<SimulatorOptions, SimulatorOptions>? configure = null)
    {
        var harness = new SinkHarness { Database = database };
        var options = new SimulatorOptions
        {
            JournalFile = Path.Combine(harness._folder, "journal.jsonl"),
            Certificates = new Dictionary<string, string> { ["cert-1"] = Keys.PublicKeyPem },
            ConcurrencyLimit = 4,
        };
        harness._simulated = configure?.Invoke(options) ?? options;
        harness.Simulator = await NetSuiteSimulator.StartAsync(harness._simulated);
        return harness;
    }

    public NetSuiteOptions NetSuite => new()
    {
        Account = Account, BaseAddress = Simulator.Address, ClientId = _simulated.ClientId, CertificateId = "cert-1", PrivateKeyPem = Keys.PrivateKeyPem,
    };

    public ErpSinkOptions Options(string instance = "sink-1", PostingOptions? posting = null, AccountQuota? quota = null) => new()
    {
        Registry = Registry,
        Postgres = "",
        Instance = instance,
        Posting = posting ?? Fast,
        Accounts = [new ErpAccountOptions { Name = Account, Quota = quota ?? new AccountQuota { Concurrency = 4 }, Connect = (handler, time) => new NetSuiteConnector(NetSuite, handler, time) }],
    };

    public PostingLoop Loop(string instance = "sink-1", PostingOptions? posting = null, AccountQuota? quota = null)
    {
        var options = Options(instance, posting, quota);
        var account = new ErpAccount(options.Accounts.Single(), Database, instance, options.Posting, TimeProvider.System);
        _accountsUsed.Add(account);
        return new PostingLoop(account, new PostingWorker(account, options, TimeProvider.System, NullLogger.Instance), options, TimeProvider.System, NullLogger<PostingLoop>.Instance);
    }

    /// <summary>Takes documents in as the consumer would, one offset after the other.</summary>
    public async Task<IntakeCounts> TakeAsync(IReadOnlyList<ErpDocument> documents, long firstOffset = 0)
    {
        var reader = new DocumentReader(Registry);
        var judged = new List<JudgedRecord>();
        for (var i = 0; i < documents.Count; i++) judged.Add(await reader.ReadAsync(Documents.Record(documents[i], firstOffset + i, _number)));
        return await new IntakeStore(Database, Options().EffectiveRoutes, Topics.ErpDeadLetters).TakeAsync(Account, judged);
    }

    /// <summary>Runs loops until nothing is due any more, or fails at the deadline.</summary>
    public async Task RunUntilQuietAsync(params PostingLoop[] loops)
    {
        using var stop = new CancellationTokenSource();
        var running = loops.Select(l => l.RunAsync(stop.Token)).ToArray();
        var deadline = Stopwatch.StartNew();
        try
        {
            while (await OpenDocumentsAsync() > 0)
            {
                if (running.FirstOrDefault(r => r.IsFaulted) is { } failed) await failed;
                Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(300), $"not quiet: {string.Join(", ", (await Status.ByStateAsync()).Select(s => $"{s.Documents} {s.State}"))}");
                await Task.Delay(10);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running);
        }
    }

    public async Task<string> StateAsync(string key)
    {
        await using var connection = await Database.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<string>("select state from erp.posting where document_key = @key", new { key }))!;
    }

    /// <summary>Each document is in the ERP's journal exactly once with its amount, and the ledger says so.</summary>
    public async Task AssertPostedOnceAsync(IReadOnlyList<ErpDocument> documents)
    {
        var journal = Simulator.Journal.Records;
        Assert.Equal(documents.Select(d => d.DocumentKey).Order(StringComparer.Ordinal), journal.Select(r => r.ExternalId!).Order(StringComparer.Ordinal));
        var totals = journal.ToDictionary(r => r.ExternalId!, r => r.Total);
        Assert.All(documents, d => Assert.Equal(d.Total.ToString(), totals[d.DocumentKey]));
        foreach (var document in documents) Assert.Equal(DocumentState.Confirmed, await StateAsync(document.DocumentKey));
    }

    /// <summary>The checker from outside finds the same, where its tools are installed.</summary>
    public void AssertThreeWay(string postgres, IReadOnlyList<ErpDocument> documents)
    {
        if (ThreeWayChecker.Missing is not null) return;
        var (names, records) = (Path.Combine(_folder, "names.json"), Path.Combine(_folder, "documents.jsonl"));
        File.WriteAllText(names, ThreeWay.NetSuiteNames);
        File.WriteAllText(records, ThreeWay.Records(documents));
        var (code, output) = ThreeWayChecker.Run("--journal", $"{Account}={_simulated.JournalFile}", "--postgres", postgres, "--documents", records, "--names", $"{Account}={names}", "--only", "--settled");
        Assert.True(code == 0, output);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var account in _accountsUsed) account.Dispose();
        await Simulator.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    async Task<long> OpenDocumentsAsync()
    {
        await using var connection = await Database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("select count(*) from erp.posting where account = @Account and state = any(@UnderWay)", new { Account, DocumentState.UnderWay });
    }
}
