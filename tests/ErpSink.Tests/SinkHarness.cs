using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Simulator;
using Streams.ErpSink.Status;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>The sink's parts against a simulated account with its own name, permits and journal.</summary>
sealed class SinkHarness : IAsyncDisposable
{
    static int _accounts;
    static readonly (string PrivateKeyPem, string PublicKeyPem) Keys = ClientAssertion.NewKeyPair("ES256");

    readonly string _folder = Directory.CreateTempSubdirectory("streams-erp-").FullName;
    readonly int _number = Interlocked.Increment(ref _accounts);
    string Account => $"TEST{_number}";
    readonly List<NetSuiteConnector> _connectors = [];
    SimulatorOptions _simulated = null!;

    public required NpgsqlDataSource Database { get; init; }

    public NetSuiteSimulator Simulator { get; private set; } = null!;

    public ErpSinkStatus Status => new(Database);

    public FixedRegistry Registry { get; } = new();

    public static readonly PostingOptions Fast = new()
    {
        ConcurrencyLimit = 4,
        CallTimeout = TimeSpan.FromMilliseconds(500),
        SettleDelay = TimeSpan.FromMilliseconds(60),
        LookupSpacing = TimeSpan.FromMilliseconds(30),
        ThrottlePause = TimeSpan.FromMilliseconds(10),
        ThrottlePauseMax = TimeSpan.FromMilliseconds(80),
        IdleDelay = TimeSpan.FromMilliseconds(15),
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

    public ErpSinkOptions Options(string instance = "sink-1", PostingOptions? posting = null) => new()
    {
        Registry = Registry,
        Postgres = "",
        Instance = instance,
        Posting = posting ?? Fast,
        NetSuite = new NetSuiteOptions
        {
            Account = Account, BaseAddress = Simulator.Address, ClientId = _simulated.ClientId, CertificateId = "cert-1", PrivateKeyPem = Keys.PrivateKeyPem,
        },
    };

    public PostingLoop Loop(string instance = "sink-1", PostingOptions? posting = null, IErpConnector? connector = null)
    {
        var options = Options(instance, posting);
        var netSuite = new NetSuiteConnector(options.NetSuite, TimeProvider.System);
        _connectors.Add(netSuite);
        var store = new PostingStore(Database, Account, instance, options.Posting);
        var worker = new PostingWorker(store, connector ?? netSuite, options, new Pauses(options.Posting), TimeProvider.System, NullLogger.Instance);
        return new PostingLoop(store, worker, options, TimeProvider.System, NullLogger<PostingLoop>.Instance);
    }

    /// <summary>Takes documents in as the consumer would, one offset after the other.</summary>
    public async Task<IntakeCounts> TakeAsync(IReadOnlyList<ErpDocument> documents, long firstOffset = 0)
    {
        var reader = new DocumentReader(Registry);
        var judged = new List<JudgedRecord>();
        for (var i = 0; i < documents.Count; i++) judged.Add(await reader.ReadAsync(Documents.Record(documents[i], firstOffset + i, _number)));
        return await new IntakeStore(Database, Topics.ErpDeadLetters).TakeAsync(Account, judged);
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
                Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(120), $"not quiet: {string.Join(", ", (await Status.ByStateAsync()).Select(s => $"{s.Documents} {s.State}"))}");
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
        return (await connection.ExecuteScalarAsync<string>("select state from erp.document where document_key = @key", new { key }))!;
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

    public async ValueTask DisposeAsync()
    {
        foreach (var connector in _connectors) connector.Dispose();
        await Simulator.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    async Task<long> OpenDocumentsAsync()
    {
        await using var connection = await Database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("select count(*) from erp.document where state in ('planned', 'claimed', 'sent', 'unknown')");
    }
}
