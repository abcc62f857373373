using System.Diagnostics;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.Broker;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.Reconciliation;
using Streams.Schemas;
using Streams.Testing;

namespace Streams.ErpSink.Tests;

/// <summary>A broker, a database of its own that can be copied and put back, and an ERP that takes everything: the sink runs as a whole.</summary>
sealed class Plant : IAsyncDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("streams-plant-").FullName;
    EmbeddedBroker _broker = null!;

    TestDatabase _database = null!;

    public OpenErp Erp { get; } = new();

    public string Bootstrap => _broker.BootstrapServers;

    public string ConnectionString => _database.ConnectionString;

    public ErpSinkOptions Options => new()
    {
        BootstrapServers = Bootstrap, Registry = new FixedRegistry(), Postgres = ConnectionString, Instance = "plant", Posting = SinkHarness.Fast with { CallTimeout = TimeSpan.FromSeconds(5) },
        Reconciliation = new ReconciliationOptions { Interval = TimeSpan.FromMilliseconds(100), ReadBack = false },
        Accounts = [new ErpAccountOptions { Name = "OPEN", Quota = new AccountQuota { Concurrency = 4 }, Connect = (_, _) => Erp }],
    };

    public static async Task<Plant> StartAsync()
    {
        var plant = new Plant();
        plant._broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = plant._folder });
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = plant.Bootstrap }).Build();
        await admin.CreateTopicsAsync(new[] { Topics.ErpDocuments, Topics.ErpReceipts, Topics.ErpDeadLetters, Topics.UsageEvents, Topics.UsageDispositions, Topics.BillingDocuments, Topics.BillingJournal }
            .Select(name => new TopicSpecification { Name = name, NumPartitions = 2, ReplicationFactor = 1 }));
        plant._database = await TestDatabase.CreateAsync();
        await using var database = NpgsqlDataSource.Create(plant.ConnectionString);
        await LedgerSchema.ApplyAsync(database);
        return plant;
    }

    public IHost Build(Func<ErpSinkOptions, ErpSinkOptions>? configure = null)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddErpSink(configure?.Invoke(Options) ?? Options);
        return builder.Build();
    }

    public async Task ProduceAsync(IReadOnlyList<ErpDocument> documents)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = Bootstrap, Partitioner = Partitioner.Murmur2Random, LingerMs = 5 }).Build();
        await Task.WhenAll(documents.Select(d => Documents.Record(d, 0)).Select(r => producer.ProduceAsync(Topics.ErpDocuments, new Message<byte[], byte[]> { Key = r.Key!, Value = r.Value! })));
    }

    public async Task ProduceAsync(string topic, int partition, IReadOnlyList<byte[]> values)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = Bootstrap }).Build();
        foreach (var value in values) await producer.ProduceAsync(new TopicPartition(topic, partition), new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes("k"), Value = value });
    }

    /// <summary>Runs the sink until the ledger answers yes.</summary>
    public async Task RunUntilAsync(string sql, Func<ErpSinkOptions, ErpSinkOptions>? configure = null)
    {
        using var host = Build(configure);
        await host.StartAsync();
        await UntilAsync(sql);
        await host.StopAsync();
    }

    public async Task UntilAsync(string sql)
    {
        var waited = Stopwatch.StartNew();
        while (!await QueryAsync<bool>(sql))
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(60), $"not within a minute: {sql}; {await QueryAsync<string>("select coalesce(string_agg(state || ' ' || n, ', '), '') from (select state, count(*) as n from erp.posting group by state) s")}");
            await Task.Delay(30);
        }
    }

    public async Task<T> QueryAsync<T>(string sql, object? of = null)
    {
        await using var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false");
        return (await connection.ExecuteScalarAsync<T>(sql, of))!;
    }

    /// <summary>Copies the database. Nobody may be connected to it.</summary>
    public async Task BackUpAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _database.OnServerAsync($"select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = '{_database.Name}'");
        await _database.OnServerAsync($"create database {_database.Name}_copy template {_database.Name}");
    }

    /// <summary>Puts the copy in the database's place, under whatever is connected.</summary>
    public async Task RestoreAsync()
    {
        await _database.DropAsync();
        await _database.OnServerAsync($"create database {_database.Name} template {_database.Name}_copy");
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await _database.OnServerAsync($"drop database if exists {_database.Name}_copy with (force)");
        await _database.DisposeAsync();
        await _broker.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
