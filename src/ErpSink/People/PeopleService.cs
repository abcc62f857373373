using Dapper;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People.Http;
using Streams.ErpSink.Publishing;
using Streams.Schemas;

namespace Streams.ErpSink.People;

/// <summary>What people may do with this ledger.</summary>
public sealed record PeopleOptions
{
    /// <summary>Whose keys are taken; without any every request is refused.</summary>
    public IReadOnlyList<PeopleKey> Keys { get; init; } = [];

    /// <summary>Null: those that the ledger has.</summary>
    public PeopleRules? Rules { get; init; }

    public string HeadsTopic { get; init; } = Topics.ErpAuditHeads;

    /// <summary>Least time between two heads of the audit trail in Kafka.</summary>
    public TimeSpan AnchorSpacing { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>Puts rules and mappings on record, lets requests expire, shows figures, and anchors the audit trail in Kafka now and then and at the end.</summary>
public sealed class PeopleService(NpgsqlDataSource database, ErpSinkOptions options, TimeProvider time, ILogger<PeopleService> log, OutboxPublisher? publisher = null) : BackgroundService
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The rules are in force before the first document is taken in.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await LedgerSchema.ApplyAsync(database, cancellationToken);
        if (options.People.Rules is { } rules) await rules.SaveAsync(database, cancellationToken);
        await SaveMappingsAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken cancel) => Task.WhenAll(RepeatAsync(StepAsync, cancel), RepeatAsync(AnchorAsync, cancel));

    async Task RepeatAsync(Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await step(cancel);
                await Task.Delay(Interval, time, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or Confluent.Kafka.KafkaException)
            {
                Log.PeoplePause(log, e.Message, e);
                await Task.Delay(Interval, time, CancellationToken.None);
            }
        }
    }

    /// <summary>The last head leaves for Kafka before the process does.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(Patience);
        try
        {
            await AnchorAsync(TimeSpan.Zero, end.Token);
            if (publisher is not null) await publisher.PublishHeadsAsync(end.Token);
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException or OperationCanceledException or Confluent.Kafka.KafkaException)
        {
            // It stays in the outbox, or is made by the next process.
            Log.NotAnchored(log, e.Message);
        }
    }

    internal async Task StepAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("select erp.expire_requests()");
        await Telemetry.ShowAsync(connection, options.People.HeadsTopic);
    }

    async Task AnchorAsync(CancellationToken cancel)
    {
        await AnchorAsync(options.People.AnchorSpacing, cancel);
        if (publisher is not null) await publisher.PublishHeadsAsync(cancel);
    }

    /// <summary>Hands the head to the outbox where it is new and the last one older than that.</summary>
    internal async Task<long?> AnchorAsync(TimeSpan spacing, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.ExecuteScalarAsync<long?>(new CommandDefinition("select erp.anchor_audit(@topic, @spacing)", new { topic = options.People.HeadsTopic, spacing }, cancellationToken: cancel));
    }

    async Task SaveMappingsAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        foreach (var account in options.Accounts.Where(a => a.MappingVersion is not null))
        {
            await connection.ExecuteAsync("""
                insert into erp.mapping_version (account, mapping) select @Name, @MappingVersion
                where @MappingVersion is distinct from (select mapping from erp.mapping_version where account = @Name order by id desc limit 1)
                """, new { account.Name, account.MappingVersion });
        }
    }
}
