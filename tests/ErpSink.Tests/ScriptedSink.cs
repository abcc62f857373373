using System.Diagnostics;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.Routing;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>The sink's ledger and loops over ERPs in memory.</summary>
sealed class ScriptedSink : IAsyncDisposable
{
    /// <summary>No scripted ERP ever keeps a call waiting: that one stood still on the way is the machine's doing.</summary>
    public static readonly PostingOptions Calm = SinkHarness.Fast with { CallTimeout = TimeSpan.FromSeconds(30) };

    static int _partitions = 10_000;

    readonly NpgsqlDataSource _database;
    readonly List<ErpAccount> _accounts;
    readonly List<PostingLoop> _loops;
    readonly ErpSinkOptions _options;
    readonly int _partition = Interlocked.Increment(ref _partitions);
    long _offset;

    public ScriptedSink(NpgsqlDataSource database, ScriptedErp erp, PostingOptions? posting = null, AccountQuota? quota = null) : this(database, [erp], posting, quota)
    {
    }

    public ScriptedSink(NpgsqlDataSource database, IReadOnlyList<ScriptedErp> erps, PostingOptions? posting = null, AccountQuota? quota = null, RouteTable? routes = null, string instance = "sink-1")
    {
        _database = database;
        _options = new ErpSinkOptions
        {
            Registry = new FixedRegistry(), Postgres = "", Instance = instance, Posting = posting ?? Calm, Routes = routes,
            Accounts = [.. erps.Select(erp => new ErpAccountOptions { Name = erp.Account, Quota = quota ?? new AccountQuota(), Connect = (_, _) => erp })],
        };
        _accounts = [.. _options.Accounts.Select(a => new ErpAccount(a, database, instance, _options.Posting, TimeProvider.System))];
        _loops = [.. _accounts.Select(a => new PostingLoop(a, new PostingWorker(a, _options, TimeProvider.System, NullLogger.Instance), _options, TimeProvider.System, NullLogger<PostingLoop>.Instance))];
    }

    public IReadOnlyList<ErpAccount> Accounts => _accounts;

    public async Task<IntakeCounts> TakeAsync(IReadOnlyList<ErpDocument> documents)
    {
        var reader = new DocumentReader(_options.Registry);
        var judged = new List<JudgedRecord>();
        foreach (var document in documents) judged.Add(await reader.ReadAsync(Documents.Record(document, _offset++, _partition)));
        return await new IntakeStore(_database, _options.EffectiveRoutes, Topics.ErpDeadLetters).TakeAsync($"scripted-{_partition}", judged);
    }

    public async Task RunUntilQuietAsync()
    {
        using var stop = new CancellationTokenSource();
        var running = _loops.Select(l => l.RunAsync(stop.Token)).ToArray();
        var deadline = Stopwatch.StartNew();
        try
        {
            while ((await StatesAsync()).Any(s => DocumentState.UnderWay.Contains(s.State) || s.State == DocumentState.Comparing))
            {
                if (running.FirstOrDefault(r => r.IsFaulted) is { } failed) await failed;
                Assert.True(deadline.Elapsed < TimeSpan.FromSeconds(300), string.Join(", ", (await StatesAsync()).CountBy(s => s.State)));
                await Task.Delay(10);
            }
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(running);
        }
    }

    public async Task<IReadOnlyList<(string Key, string State)>> StatesAsync()
    {
        await using var connection = await _database.OpenConnectionAsync();
        return (await connection.QueryAsync<(string, string)>("select document_key, state from erp.posting where account = any(@names)", new { names = _accounts.Select(a => a.Name).ToArray() })).AsList();
    }

    public ValueTask DisposeAsync()
    {
        foreach (var account in _accounts) account.Dispose();
        return ValueTask.CompletedTask;
    }
}
