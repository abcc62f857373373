using System.Diagnostics;
using System.Globalization;
using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Streams.ErpSink;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.Schemas;

namespace Streams.Perf.Erp;

/// <summary>The sink in this process over a database of its own.</summary>
sealed class Plant : IAsyncDisposable
{
    /// <summary>Records that the consumer takes in at a time.</summary>
    public const int IntakeBatch = 500;

    readonly string _postgres;
    readonly string _name;
    readonly ErpSinkOptions _options;
    readonly ErpAccount _account;
    readonly PostingLoop _loop;
    readonly DocumentReader _reader;
    readonly IntakeStore _intake;

    Plant(string postgres, string name, NpgsqlDataSource database, ErpSinkOptions options)
    {
        (_postgres, _name, Database, _options) = (postgres, name, database, options);
        _account = new ErpAccount(options.Accounts[0], database, options.Instance, options.Posting, TimeProvider.System);
        _loop = new PostingLoop(_account, new PostingWorker(_account, options, TimeProvider.System, NullLogger.Instance), options, TimeProvider.System, NullLogger<PostingLoop>.Instance);
        _reader = new DocumentReader(_options.Registry);
        _intake = new IntakeStore(Database, _options.EffectiveRoutes, Topics.ErpDeadLetters);
    }

    public NpgsqlDataSource Database { get; }

    /// <summary>For connections besides <see cref="Database"/>.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder(_postgres) { Database = _name, MaxPoolSize = 20, MaxAutoPrepare = 40 }.ConnectionString;

    public ErpAccount Account => _account;

    public CountingErp Erp => (CountingErp)_account.Connector;

    public static Task<Plant> StartAsync(IErpConnector connector, AccountQuota quota, PostingOptions? posting = null) => StartAsync(connector.Account, quota, _ => connector, posting);

    public static async Task<Plant> StartAsync(string account, AccountQuota quota, Func<HttpMessageHandler, IErpConnector> connect, PostingOptions? posting = null)
    {
        var server = Environment.GetEnvironmentVariable("STREAMS_POSTGRES") ?? throw new InvalidOperationException("STREAMS_POSTGRES is not set: use perf/erp");
        var name = $"perf_erp_{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}_{Stopwatch.GetTimestamp()}";
        await using (var admin = NpgsqlDataSource.Create(server)) await admin.CreateCommand($"create database {name}").ExecuteNonQueryAsync();
        var database = LedgerDatabase.Open(new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 40 }.ConnectionString);
        await LedgerSchema.ApplyAsync(database);
        var options = new ErpSinkOptions
        {
            Registry = new OneSchema(), Postgres = "", Instance = "perf", Posting = posting ?? new PostingOptions { IdleDelay = TimeSpan.FromMilliseconds(20), JobSpacing = TimeSpan.FromMilliseconds(50) },
            Accounts = [new ErpAccountOptions { Name = account, Quota = quota, Connect = (handler, _) => new CountingErp(connect(handler)) }],
        };
        return new(server, name, database, options);
    }

    public ProcessTimes Times(int? erp = null) => ProcessTimes.Now(_name, erp);

    /// <summary>Plans records as the consumer does.</summary>
    public async Task PlanAsync(IEnumerable<IncomingRecord> records)
    {
        foreach (var batch in records.Chunk(IntakeBatch))
        {
            var judged = new List<JudgedRecord>(batch.Length);
            foreach (var record in batch) judged.Add(await _reader.ReadAsync(record));
            await _intake.TakeAsync("perf", judged);
        }
    }

    /// <summary>The same with documents that are made as they are planned.</summary>
    public Task PlanAsync(long from, long count) => PlanAsync(Documents.Records(from, count));

    /// <summary>Posts until the ERP has so many documents and the ledger knows it.</summary>
    /// <exception cref="InvalidOperationException">Not all of them are confirmed.</exception>
    public async Task PostAsync(long documents)
    {
        using var stop = new CancellationTokenSource();
        var running = _loop.RunAsync(stop.Token);
        while (Erp.Found < documents)
        {
            if (running.IsCompleted) await running;
            if (_loop.Blocked is { } why) throw new InvalidOperationException(why);
            await Task.Delay(5, CancellationToken.None);
        }
        // A call under way ends: what was found is confirmed then.
        await stop.CancelAsync();
        await running;
        if (await ConfirmedAsync() is var confirmed && confirmed != documents)
            throw new InvalidOperationException($"{confirmed} of {documents} documents are confirmed");
    }

    public Task<long> ConfirmedAsync() => CountAsync("select count(*) from erp.posting where state = 'confirmed'");

    public async Task<long> CountAsync(string sql)
    {
        await using var connection = await Database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(sql);
    }

    public async ValueTask DisposeAsync()
    {
        _account.Dispose();
        await Database.DisposeAsync();
        await using var admin = NpgsqlDataSource.Create(_postgres);
        await admin.CreateCommand($"drop database {_name} with (force)").ExecuteNonQueryAsync();
    }
}
