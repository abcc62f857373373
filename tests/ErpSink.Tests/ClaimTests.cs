using System.Collections.Concurrent;
using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Routing;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>Claims are locks until their call is written: who holds one, what a lost one leaves behind, and in what order documents come.</summary>
public sealed class ClaimTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static readonly ErpBatching Ten = new(10);
    static int _groups;

    [Fact]
    public async Task What_one_instance_has_claimed_no_other_gets_and_a_claim_that_ends_without_a_call_leaves_no_trace()
    {
        var (one, other) = (Store("alone", "one"), Store("alone", "other"));
        await TakeAsync("alone", 0, 15);
        var first = await one.ClaimAsync(Ten);
        await using (var second = await other.ClaimAsync(Ten))
        {
            Assert.Equal((10, 5), (first!.Documents.Count, second!.Documents.Count));
            Assert.Empty(first.Documents.Select(d => d.DocumentKey).Intersect(second.Documents.Select(d => d.DocumentKey)));
            Assert.Null(await Store("alone", "third").ClaimAsync(Ten));
        }
        var keys = first.Documents.Select(d => d.DocumentKey).ToList();
        await first.DisposeAsync();
        await first.DisposeAsync();
        Assert.Equal(15, await CountAsync("select count(*) from erp.posting where account = 'alone' and state = 'planned' and claimed_by is null"));
        await using var again = await one.ClaimAsync(Ten);
        Assert.Equal(keys, again!.Documents.Select(d => d.DocumentKey));
    }

    [Fact]
    public async Task A_begun_call_is_on_record_with_its_claim_and_survives_its_maker()
    {
        var store = Store("begun", "dead");
        await TakeAsync("begun", 0, 3);
        await using (var claim = await store.ClaimAsync(Ten)) await claim!.BeginAsync(ErpCall.Post, [.. claim.Documents.Select(d => d.DocumentKey)]);
        Assert.Equal(3, await CountAsync("""
            select count(*) from erp.posting p join erp.call c on c.id = p.call_id where p.account = 'begun' and p.state = 'sent' and p.claimed_by = 'dead' and c.finished_at is null and c.documents = 3
            """));
        Assert.Equal(["planned", "sent"], await HistoryAsync("begun"));
        Assert.Equal(3, await CountAsync("select count(*) from erp.transition where account = 'begun' and from_state = 'planned' and to_state = 'sent' and instance = 'dead' and call_id is not null"));
        Assert.Null(await store.UrgencyAsync());
        Assert.Equal((0, 0), await Store("begun", "other").RecoverAsync(own: false));
        Assert.Equal((0, 3), await Store("begun", "dead").RecoverAsync(own: true));
        // Who gives a posting up is whose step it was.
        Assert.Equal(3, await CountAsync("select count(*) from erp.transition where account = 'begun' and from_state = 'sent' and to_state = 'unknown' and instance = 'dead'"));
    }

    [Fact]
    public async Task Calls_take_documents_in_the_order_in_which_they_came_and_what_is_more_urgent_is_seen_at_once()
    {
        var store = Store("order", "one");
        await TakeAsync("order", 0, 30);
        Assert.False(await store.UrgencyAsync());
        var first = await ClaimedAsync(store);
        Assert.False(await store.UrgencyAsync());
        await TakeAsync("order", 100, 2, priority: 5);
        Assert.True(await store.UrgencyAsync());
        var second = await ClaimedAsync(store);
        Assert.False(await store.UrgencyAsync());
        var third = await ClaimedAsync(store);
        var planned = await ColumnAsync("select document_key from erp.posting where account = 'order' order by priority desc, next_try_at, document_key");
        Assert.Equal(planned, second[..2].Concat(first).Concat(second[2..]).Concat(third).Concat(await ClaimedAsync(store)));
        Assert.Null(await store.UrgencyAsync());
    }

    [Fact]
    public async Task Many_instances_claim_each_document_once()
    {
        await TakeAsync("many", 0, 200);
        var claimed = new ConcurrentBag<string>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            var store = Store("many", $"instance-{n}");
            while (await CountAsync("select count(*) from erp.posting where account = 'many' and state = 'planned'") > 0)
            {
                await using var claim = await store.ClaimAsync(new ErpBatching(7));
                if (claim is null) continue;
                // Every third is given up.
                if (claimed.Count % 3 == 0 && n < 4) continue;
                foreach (var d in claim.Documents) claimed.Add(d.DocumentKey);
                await claim.BeginAsync(ErpCall.Post, [.. claim.Documents.Select(d => d.DocumentKey)]);
            }
        })));
        Assert.Equal((200, 200), (claimed.Count, claimed.Distinct().Count()));
        Assert.Equal(200, await CountAsync("select count(*) from erp.transition where account = 'many' and to_state = 'sent'"));
    }

    [Theory]
    [InlineData("with c as (insert into erp.call (account, call, instance, documents) values ('guarded', 'post', 't', 1) returning id) update erp.posting set state = 'sent', call_id = c.id from c where account = 'guarded'", "ER005")]
    [InlineData("update erp.posting set state = 'sent', claimed_by = 'x', claimed_until = now() where account = 'guarded'", "ER005")]
    [InlineData("insert into erp.document_line values ('NONE', 1, 'p', 'm', 1, 1, 1, 0, 0)", "23503")]
    [InlineData("insert into erp.lineage_range select document_key, 99, 1, 't', 0, 1, 1, 1 from erp.posting where account = 'guarded'", "23503")]
    [InlineData("insert into erp.posting (document_key, account, kind, revision) values ('NONE', 'guarded', 'AR_INVOICE', 1)", "23503")]
    [InlineData("insert into erp.posting (document_key, account, kind, revision) select k, 'other', 'AR_INVOICE', 1 from erp.posting p cross join lateral (values (p.document_key), ('NONE')) v (k) where p.account = 'guarded'", "23503")]
    [InlineData("truncate erp.document cascade", "ER010")]
    [InlineData("truncate erp.document_line", "ER010")]
    public async Task What_the_claim_and_the_lines_presuppose_is_enforced(string statement, string code)
    {
        await TakeAsync("guarded", 0, 1);
        await using var connection = await postgres.Database.OpenConnectionAsync();
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync(statement));
        Assert.Equal(code, refusal.SqlState);
    }

    [Theory]
    [InlineData("document_key", "repeat('Z', 16)", null)]
    [InlineData("document_key", "repeat('Z', 15)", "23514")]
    [InlineData("document_key", "repeat('Z', 17)", "23514")]
    [InlineData("document_key", "repeat('Z', 15) || 'U'", "23514")]
    [InlineData("document_key", "'z' || repeat('Z', 15)", "23514")]
    [InlineData("document_key", "repeat('Z', 15) || chr(10)", "23514")]
    [InlineData("content_hash", "repeat('0', 63) || 'A'", "23514")]
    [InlineData("content_hash", "repeat('0', 63)", "23514")]
    [InlineData("content_hash", "repeat('0', 31) || 'g' || repeat('0', 32)", "23514")]
    [InlineData("currency", "'usd'", "23514")]
    [InlineData("currency", "'US'", "23514")]
    [InlineData("currency", "'ÄUS'", "23514")]
    public async Task A_document_has_a_key_a_hash_and_a_currency_of_their_forms(string column, string value, string? refusal)
    {
        await TakeAsync("formed", 0, 1);
        await using var connection = await postgres.Database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var others = new Dictionary<string, string> { ["document_key"] = "repeat('Y', 16)", ["content_hash"] = "content_hash", ["currency"] = "currency", [column] = value };
        var insert = connection.ExecuteAsync($"""
            insert into erp.document (document_key, content_hash, tenant, legal_entity, kind, customer_id, contract_id, contract_version, period, revision, currency, document_date, total, rated_total,
                content, source_topic, source_partition, source_offset)
            select {others["document_key"]}, {others["content_hash"]}, tenant, legal_entity, kind, customer_id, contract_id, contract_version, period, revision, {others["currency"]}, document_date, total,
                rated_total, content, source_topic, source_partition, source_offset
            from erp.document where document_key = (select min(document_key) from erp.posting where account = 'formed')
            """, transaction: transaction);
        if (refusal is null) Assert.Equal(1, await insert);
        else Assert.Equal(refusal, (await Assert.ThrowsAsync<PostgresException>(() => insert)).SqlState);
    }

    [Fact]
    public async Task What_was_only_claimed_is_planned_again_and_what_may_have_been_sent_is_unknown()
    {
        await TakeAsync("taken", 0, 3);
        var keys = await ColumnAsync("select document_key from erp.posting where account = 'taken' order by 1");
        await using (var connection = await postgres.Database.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("""
                update erp.posting set state = 'claimed', claimed_by = 'dead', claimed_until = now() + interval '1 hour' where account = 'taken' and document_key = any(@claimed);
                with c as (insert into erp.call (account, call, instance, documents) values ('taken', 'post', 'dead', 1) returning id)
                update erp.posting set state = 'sent', call_id = c.id from c where account = 'taken' and document_key = @sent
                """, new { claimed = keys[..2].ToArray(), sent = keys[0] });
        }
        Assert.Equal((1, 1), await Store("taken", "dead").RecoverAsync(own: true));
        await using var claim = await Store("taken", "new").ClaimAsync(Ten);
        Assert.Equal(keys[1..], claim!.Documents.Select(d => d.DocumentKey).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(DocumentKind.ArInvoice, 5)]
    [InlineData(DocumentKind.GlJournal, 2)]
    public async Task A_look_up_takes_more_than_a_call_that_posts_but_no_more_journals(DocumentKind kind, int looked)
    {
        var account = $"looked{kind}";
        var (store, batching) = (Store(account, "one"), new ErpBatching(2, SameKind: true, LookUpSize: 5));
        await TakeAsync(account, 0, 8, kind: kind);
        for (var n = 0; n < 3; n++)
        {
            await using var posted = await store.ClaimAsync(batching);
            Assert.Equal(2, posted!.Documents.Count);
            await posted.BeginAsync(ErpCall.Post, [.. posted.Documents.Select(d => d.DocumentKey)]);
        }
        Assert.Equal((0, 6), await store.RecoverAsync(own: true));
        await using (var connection = await postgres.Database.OpenConnectionAsync())
            await connection.ExecuteAsync("update erp.posting set next_try_at = now() - interval '1 day' where account = @account and state = 'unknown'", new { account });
        await using var claim = await store.ClaimAsync(batching);
        Assert.Equal((looked, "unknown"), (claim!.Documents.Count, claim.Documents[0].State));
    }

    PostingStore Store(string account, string instance) => new(postgres.Database, account, instance, new PostingOptions());

    async Task TakeAsync(string account, int from, int count, short priority = 0, DocumentKind kind = DocumentKind.ArInvoice)
    {
        var judged = new List<JudgedRecord>();
        var reader = new DocumentReader(new FixedRegistry());
        for (var n = from; n < from + count; n++) judged.Add(await reader.ReadAsync(Documents.Record(Documents.Create(n, kind: kind, prefix: account), n)));
        await new IntakeStore(postgres.Database, new RouteTable { Routes = [new Route { Account = account, Priority = priority }] }, Topics.ErpDeadLetters).TakeAsync($"claims-{Interlocked.Increment(ref _groups)}", judged);
    }

    static async Task<List<string>> ClaimedAsync(PostingStore store)
    {
        await using var claim = await store.ClaimAsync(Ten);
        var keys = claim!.Documents.Select(d => d.DocumentKey).ToList();
        await claim.BeginAsync(ErpCall.Post, keys);
        return keys;
    }

    Task<List<string>> HistoryAsync(string account) =>
        ColumnAsync($"select to_state from erp.transition where document_key = (select min(document_key) from erp.posting where account = '{account}') order by id");

    async Task<List<string>> ColumnAsync(string sql)
    {
        await using var connection = await postgres.Database.OpenConnectionAsync();
        return (await connection.QueryAsync<string>(sql)).AsList();
    }

    async Task<long> CountAsync(string sql)
    {
        await using var connection = await postgres.Database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(sql);
    }
}
