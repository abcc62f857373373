using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Restore;
using Streams.ErpSink.Status;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>PostgreSQL is put back to an older state; the ERP takes every document that it is sent, so that a second posting would show.</summary>
public sealed class RestoreTests
{
    const string AllPublished = "not exists (select 1 from erp.outbox where published_at is null)";

    static string Confirmed(int documents) => $"select count(*) filter (where state = 'confirmed') = {documents} and {AllPublished} from erp.posting";

    static string Explained(int documents) => $"select (select count(*) = {documents} from erp.posting where state = 'confirmed') and {AllPublished} and not exists (select 1 from erp.restore where explained_at is null)";

    [Fact]
    public async Task After_an_old_backup_nothing_is_posted_twice_and_all_is_explained()
    {
        await using var plant = await Plant.StartAsync();
        var documents = Enumerable.Range(1, 60).Select(n => Documents.Create(n, prefix: "restore")).ToList();
        await plant.ProduceAsync(documents[..30]);
        await plant.RunUntilAsync(Confirmed(30));
        await TakeOnlyAsync(plant, documents[30..40], 40);
        await plant.BackUpAsync();

        await plant.ProduceAsync(documents[40..]);
        await plant.RunUntilAsync(Confirmed(60));
        Assert.Equal(60, plant.Erp.Posts);
        var calls = await plant.QueryAsync<long>("select max(id) from erp.call");
        await plant.RestoreAsync();

        using (var host = plant.Build())
        {
            await host.Services.GetRequiredService<RestoreGuard>().CheckAsync();
            var health = await new ErpSinkHealthCheck(host.Services.GetRequiredService<NpgsqlDataSource>(), []).CheckHealthAsync(new HealthCheckContext());
            Assert.Equal(HealthStatus.Degraded, health.Status);
            Assert.Equal(30, await plant.QueryAsync<long>("select count(*) from erp.restore_receipt"));
            Assert.Equal(10, await plant.QueryAsync<long>("select count(*) from erp.posting where state = 'unknown' and reason = 'AFTER_RESTORE'"));
            Assert.True(await plant.QueryAsync<bool>("select nextval('erp.call_id_seq') > @calls", new { calls }));
        }
        await plant.RunUntilAsync(Explained(60));
        AssertOnce(plant, documents);
        Assert.Equal(60, plant.Erp.Posts);
        Assert.Equal("LEDGER_RESTORED", await plant.QueryAsync<string>("select code from erp.work_item where resolved_at is null"));

        // What comes later goes its usual way, and the alarm does not come back.
        var later = Enumerable.Range(61, 5).Select(n => Documents.Create(n, prefix: "restore")).ToList();
        await plant.ProduceAsync(later);
        await plant.RunUntilAsync(Explained(65));
        AssertOnce(plant, [.. documents, .. later]);
        Assert.Equal((65, 1L), (plant.Erp.Posts, await plant.QueryAsync<long>("select count(*) from erp.restore")));
    }

    [Fact]
    public async Task Receipts_alone_show_that_the_ledger_is_an_older_one()
    {
        await using var plant = await Plant.StartAsync();
        var documents = Enumerable.Range(1, 12).Select(n => Documents.Create(n, prefix: "receipts")).ToList();
        await TakeOnlyAsync(plant, documents, 12);
        await plant.BackUpAsync();
        await plant.RunUntilAsync(Confirmed(12));
        await plant.RestoreAsync();
        await plant.RunUntilAsync(Explained(12));
        AssertOnce(plant, documents);
        Assert.Equal(12, plant.Erp.Posts);
        Assert.Contains("confirmations", await plant.QueryAsync<string>("select evidence from erp.restore"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ledger_put_back_under_the_running_sink_is_noticed_and_gets_no_hole()
    {
        await using var plant = await Plant.StartAsync();
        var documents = Enumerable.Range(1, 45).Select(n => Documents.Create(n, prefix: "under")).ToList();
        await plant.ProduceAsync(documents[..15]);
        await plant.RunUntilAsync(Confirmed(15));
        await plant.BackUpAsync();
        using var host = plant.Build();
        await host.StartAsync();
        await plant.ProduceAsync(documents[15..30]);
        await plant.UntilAsync(Confirmed(30));
        await plant.RestoreAsync();
        await plant.ProduceAsync(documents[30..]);
        await plant.UntilAsync(Explained(45));
        await host.StopAsync();
        AssertOnce(plant, documents);
        Assert.Equal(45, plant.Erp.Posts);
    }

    [Fact]
    public async Task A_document_that_was_retried_and_posted_in_the_lost_time_is_looked_up_before_its_next_retry()
    {
        await using var plant = await Plant.StartAsync();
        var document = Documents.Create(1, prefix: "retried");
        await TakeOnlyAsync(plant, [document], 1);
        // Refused by a rule before the backup; after it somebody mended the cause, and it was posted and confirmed.
        await plant.QueryAsync<long>("with u as (update erp.posting set state = 'claimed' returning 1) select count(*) from u");
        await plant.QueryAsync<long>("with u as (update erp.posting set state = 'refused' returning 1) select count(*) from u");
        var item = await plant.QueryAsync<long>("""
            insert into erp.work_item (code, detail, document_key, account, customer_id, amount, currency, source_topic, source_partition, source_offset)
            select 'VALIDATION', 'refused by a rule', d.document_key, p.account, d.customer_id, d.balance, d.currency, d.source_topic, d.source_partition, d.source_offset
            from erp.document d join erp.posting p using (document_key) returning id
            """);
        await plant.BackUpAsync();
        using (var host = plant.Build()) await host.Services.GetRequiredService<ErpSinkStatus>().RetryAsync(item, "ann", "bob");
        await plant.RunUntilAsync(Confirmed(1));
        await plant.RestoreAsync();
        using (var host = plant.Build())
        {
            await host.Services.GetRequiredService<RestoreGuard>().CheckAsync();
            await host.Services.GetRequiredService<ErpSinkStatus>().RetryAsync(item, "ann", "bob");
        }
        Assert.Equal("unknown", await plant.QueryAsync<string>("select state from erp.posting"));
        await plant.RunUntilAsync(Confirmed(1));
        AssertOnce(plant, [document]);
        Assert.Equal(1, plant.Erp.Posts);
    }

    [Fact]
    public async Task A_ledger_that_lost_nothing_raises_no_alarm()
    {
        await using var plant = await Plant.StartAsync();
        await plant.ProduceAsync([.. Enumerable.Range(1, 5).Select(n => Documents.Create(n, prefix: "calm"))]);
        await plant.RunUntilAsync(Confirmed(5));
        await plant.RunUntilAsync(Confirmed(5));
        Assert.Equal(0, await plant.QueryAsync<long>("select count(*) from erp.restore"));
    }

    static void AssertOnce(Plant plant, IReadOnlyList<ErpDocument> documents) =>
        Assert.Equal(documents.Select(d => (d.DocumentKey, d.Total)).Order(), plant.Erp.Records.Select(r => (r.Key, r.Total)).Order());

    /// <summary>Takes documents in without posting them.</summary>
    static async Task TakeOnlyAsync(Plant plant, IReadOnlyList<ErpDocument> documents, int total)
    {
        await plant.ProduceAsync(documents);
        using var host = plant.Build();
        using var stop = new CancellationTokenSource();
        var consuming = host.Services.GetRequiredService<DocumentConsumer>().RunAsync(stop.Token);
        await plant.UntilAsync($"select count(*) = {total} from erp.posting");
        await stop.CancelAsync();
        await consuming;
    }
}
