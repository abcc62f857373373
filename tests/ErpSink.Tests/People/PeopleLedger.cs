using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People;
using Streams.ErpSink.Routing;
using Streams.Schemas;

namespace Streams.ErpSink.Tests.People;

/// <summary>Documents brought to where people have the word.</summary>
sealed class PeopleLedger(PostgresFixture postgres)
{
    public const string Account = "ledger";

    static long _offset;

    public PeopleDatabase Database { get; } = new(postgres.Database);

    public static Person Ann { get; } = new("ann", "api-key:ann");

    public static Person Bob { get; } = new("bob", "api-key:bob");

    public static Person Cem { get; } = new("cem", "api-key:cem");

    public Task RulesAsync(string json) => PeopleRules.Parse(json).SaveAsync(postgres.Database);

    /// <summary>A document as the sink takes it in.</summary>
    public async Task<ErpDocument> TakeAsync(ErpDocument document)
    {
        var judged = await new DocumentReader(new FixedRegistry()).ReadAsync(Documents.Record(document, Interlocked.Increment(ref _offset)));
        var counts = await new IntakeStore(postgres.Database, new RouteTable { Routes = [new Route { Account = Account }] }, Topics.ErpDeadLetters).TakeAsync($"group-{Guid.NewGuid():N}", [judged]);
        Assert.Equal(1, counts.Planned);
        return document;
    }

    /// <summary>A document that the ERP refused, and its work item.</summary>
    public async Task<long> RefusedAsync(ErpDocument document, string code = "VALIDATION")
    {
        await TakeAsync(document);
        return await RefuseAsync(document, code);
    }

    public async Task<long> RefuseAsync(ErpDocument document, string code = "VALIDATION")
    {
        await SqlAsync("""
            update erp.posting set state = 'claimed' where document_key = @DocumentKey;
            update erp.posting set state = 'refused', reason = 'VALIDATION' where document_key = @DocumentKey
            """, document);
        await using var c = await postgres.Database.OpenConnectionAsync();
        return await c.ExecuteScalarAsync<long>("""
            insert into erp.work_item (code, detail, document_key, account, customer_id, amount, currency, source_topic, source_partition, source_offset)
            select @code, 'the ERP said no', document_key, 'ledger', customer_id, total, currency, source_topic, source_partition, source_offset from erp.document where document_key = @DocumentKey returning id
            """, new { document.DocumentKey, code });
    }

    /// <summary>The way to the end, without an ERP.</summary>
    public Task ConfirmAsync(string key, string? postingDate = null) => SqlAsync("""
        update erp.posting set state = 'claimed', posting_date = cast(@postingDate as date) where document_key = @key;
        with c as (insert into erp.call (account, call, instance, documents) values ('ledger', 'post', 't', 1) returning id)
        update erp.posting set state = 'sent', outcome = null, call_id = c.id from c where document_key = @key;
        update erp.posting set state = 'created', outcome = 'created' where document_key = @key;
        update erp.posting set state = 'confirmed', outcome = 'found' where document_key = @key
        """, new { key, postingDate });

    public Task<RequestEntry> AskAsync(Person by, string action, params long[] items) => AskAsync(by, action, null, items);

    public Task<RequestEntry> AskAsync(Person by, string action, DateOnly? date, params long[] items) =>
        Database.InAsync(async c => (await Requests.GetAsync(c, await Requests.AskAsync(c, by, action, items, date, "for a reason"))).Request);

    public Task<string> ApproveAsync(Person by, RequestEntry request, string? hash = null) => Database.InAsync(c => Requests.DecideAsync(c, by, request.Id, approve: true, hash ?? request.Hash, ""));

    public Task<string> RefuseRequestAsync(Person by, RequestEntry request) => Database.InAsync(c => Requests.DecideAsync(c, by, request.Id, approve: false, request.Hash, "not like this"));

    public Task<RequestEntry> RequestAsync(long id) => Database.InAsync(async c => (await Requests.GetAsync(c, id)).Request);

    public Task<WorkDetail> ItemAsync(long id) => Database.InAsync(c => WorkQueue.GetAsync(c, id));

    public async Task<RequestEntry> WaitingAsync(ErpDocument document)
    {
        await using var c = await postgres.Database.OpenConnectionAsync();
        return await RequestAsync(await c.ExecuteScalarAsync<long>("select max(request_id) from erp.request_item i join erp.request r on r.id = i.request_id where document_key = @DocumentKey and r.status = 'open'", document));
    }

    public async Task<string> StateAsync(ErpDocument document)
    {
        await using var c = await postgres.Database.OpenConnectionAsync();
        return (await c.ExecuteScalarAsync<string>("select state from erp.posting where document_key = @DocumentKey", document))!;
    }

    public async Task SqlAsync(string sql, object? parameters = null)
    {
        await using var c = await postgres.Database.OpenConnectionAsync();
        await c.ExecuteAsync(sql, parameters);
    }

    public static async Task<string> CodeAsync(Func<Task> act) => (await Assert.ThrowsAsync<PeopleException>(act)).Code;

    /// <summary>Documents whose total is about what is asked for.</summary>
    public static ErpDocument Worth(int amount, string prefix, string period = "2026-01") => Documents.Create(3, period, prefix: prefix, factor: Math.Round(amount / 54m, 3));
}
