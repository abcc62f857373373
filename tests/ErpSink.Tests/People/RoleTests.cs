using Dapper;
using Npgsql;
using Streams.ErpSink.People;
using Streams.Schemas;
using static Streams.ErpSink.Tests.People.PeopleLedger;

namespace Streams.ErpSink.Tests.People;

/// <summary>What the ledger refuses by itself, whatever a program forgets: direct SQL as each role, and as the owner.</summary>
public sealed class RoleTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    const string Denied = "42501";

    readonly PeopleLedger _ledger = new(postgres);

    public static TheoryData<string, string, string> Attempts => new()
    {
        { "erp_posting", "delete from erp.posting", Denied },
        { "erp_posting", "insert into erp.approval (request_id, actor, method, verdict, hash) select id, 'eve', 'x', 'approve', hash from erp.request limit 1", Denied },
        { "erp_posting", "update erp.request set status = 'executed'", Denied },
        { "erp_posting", "insert into erp.audit values (1, now(), 'x', 'x', 'x', 'x', null, null, '{}', repeat('0', 64))", Denied },
        { "erp_posting", "update erp.audit_head set sequence = 0", Denied },
        { "erp_posting", "insert into erp.people_rules (content) values ('{}')", Denied },
        { "erp_posting", "select erp.ask('eve', 'x', 'retry', array[1]::bigint[], null, '')", Denied },
        { "erp_posting", "select erp.ask_reversal('eve', 'x', (select min(document_key) from erp.document), '', '', '', 't', '')", Denied },
        { "erp_posting", "insert into erp.reversal_request select max(r.id), min(d.document_key), max(d.document_key), repeat('0', 64), '', 't' from erp.request r, erp.document d", Denied },
        { "erp_posting", "select erp.decide('eve', 'x', 1, 'approve', '', '')", Denied },
        { "erp_posting", "select erp.execute_request(1)", Denied },
        { "erp_posting", "select erp.write_audit('a', 'b', 'c', 'd', null, null, '{}')", Denied },
        { "erp_posting", "alter table erp.posting disable trigger guard", Denied },
        { "erp_posting", "update erp.posting set state = 'planned' where state = 'waiting'", "ER020" },
        { "erp_posting", "update erp.posting set state = 'refused' where state = 'waiting'", "ER020" },
        { "erp_posting", "update erp.posting set state = 'claimed' where state = 'waiting'", "ER004" },
        { "erp_posting", "update erp.posting set state = 'planned' where state = 'refused'", "ER009" },
        { "erp_posting", "update erp.posting set state = 'written_off' where state = 'refused'", "ER009" },
        { "erp_posting", "update erp.posting set erp_id = 'x' where state = 'confirmed'", "ER002" },
        { "erp_posting", "update erp.document set total = 0", "ER010" },
        { "erp_posting", "update erp.work_item set resolved_at = now(), resolution = 'retry', resolved_by = 'eve' where resolved_at is null", "ER027" },
        { "erp_posting", "update erp.work_item set resolved_at = now(), resolution = 'confirmed' where resolved_at is null", "ER027" },
        { "erp_posting", "insert into erp.posting (document_key, account, state, kind, revision) select document_key, 'other', 'confirmed', kind, revision from erp.document limit 1", "ER004" },
        { "erp_people", "update erp.posting set state = 'planned'", Denied },
        { "erp_people", "update erp.document set total = 0", Denied },
        { "erp_people", "update erp.work_item set owner = 'eve'", Denied },
        { "erp_people", "insert into erp.approval (request_id, actor, method, verdict, hash) select id, 'eve', 'x', 'approve', hash from erp.request limit 1", Denied },
        { "erp_people", "insert into erp.request (action, requested_by, approvers) values ('retry', 'eve', 0)", Denied },
        { "erp_people", "insert into erp.work_note (work_item_id, actor, text) select id, 'eve', 'x' from erp.work_item limit 1", Denied },
        { "erp_people", "update erp.people_rules set content = '{}'", Denied },
        { "erp_people", "delete from erp.audit", Denied },
        { "erp_people", "select erp.execute_request(1)", Denied },
        { "erp_people", "select erp.execute_reversal(1)", Denied },
        { "erp_people", "insert into erp.reversal (document_key, reversal_key) select min(document_key), max(document_key) from erp.document", Denied },
        { "erp_people", "insert into erp.outbox (topic, encoded) values ('erp.documents', false)", Denied },
        { "erp_people", "select erp.decide_one('eve', 'x', 1, 'approve', '', '')", Denied },
        { "erp_people", "select erp.decide('eve', 'x', (select max(id) from erp.request where action = 'post' and status = 'open'), 'approve', 'guess', '')", "ER030" },
        { "erp_people", "select erp.decide('streams', 'x', (select max(id) from erp.request where action = 'post' and status = 'open'), 'approve', 'guess', '')", "ER030" },
        { "erp_reader", "update erp.posting set state = 'planned'", Denied },
        { "erp_reader", "select erp.note('eve', 'x', 1, 'x')", Denied },
        { "erp_reader", "delete from erp.outbox", Denied },
        // The tables' owner has the rights and still meets the guards.
        { "", "insert into erp.approval (request_id, actor, method, verdict, hash) select id, requested_by, 'x', 'approve', hash from erp.request where status = 'open' and action = 'retry' limit 1", "ER025" },
        { "", "insert into erp.approval (request_id, actor, method, verdict, hash) select id, 'eve', 'x', 'approve', repeat('0', 64) from erp.request where status = 'open' limit 1", "ER023" },
        { "", "update erp.request set status = 'executed' where status = 'open'", "ER024" },
        { "", "update erp.request set approvers = 0 where status = 'open'", "ER021" },
        { "", "update erp.approval set verdict = 'approve'", "ER010" },
        { "", "delete from erp.request", "ER021" },
        { "", "delete from erp.work_item", "ER026" },
        { "", "delete from erp.work_note", "ER010" },
        { "", "truncate erp.audit", "ER010" },
        { "", "update erp.audit set actor = 'eve'", "ER010" },
        { "", "delete from erp.audit", "ER010" },
        { "", "update erp.people_rules set content = '{}'", "ER010" },
        { "", "update erp.posting set state = 'planned' where state = 'waiting'", "ER020" },
    };

    [Theory, MemberData(nameof(Attempts))]
    public async Task The_ledger_refuses(string role, string sql, string state)
    {
        await SeedAsync();
        await using var connection = await OpenAsync(role);
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => connection.ExecuteAsync(sql));
        Assert.True(refusal.SqlState == state, $"{refusal.SqlState} {refusal.MessageText}");
    }

    [Fact]
    public async Task A_request_made_by_hand_without_approvers_does_nothing()
    {
        await SeedAsync();
        await using var c = await OpenAsync("");
        await using var transaction = await c.BeginTransactionAsync();
        await c.ExecuteAsync("""
            insert into erp.request (action, requested_by, approvers) values ('retry', 'eve', 0);
            insert into erp.request_item select max(r.id), 1, w.id, w.document_key, w.account from erp.request r, (select * from erp.work_item where resolved_at is null limit 1) w group by w.id, w.document_key, w.account;
            update erp.request set hash = erp.request_hash(id) where requested_by = 'eve'
            """);
        Assert.Equal("ER024", (await Assert.ThrowsAsync<PostgresException>(() => c.ExecuteAsync("update erp.request set status = 'executed' where requested_by = 'eve'"))).SqlState);
    }

    [Fact]
    public async Task The_posting_role_posts_and_the_people_role_decides()
    {
        await SeedAsync();
        await using var posting = await OpenAsync("erp_posting");
        Assert.Equal("erp_posting", await posting.ExecuteScalarAsync<string>("select current_user::text"));
        Assert.Equal(1, await posting.ExecuteAsync("update erp.posting set state = 'claimed', claimed_by = 'x' where document_key = (select min(document_key) from erp.posting where state = 'planned')"));
        Assert.Equal(1, await posting.ExecuteAsync("insert into erp.route_table (content) values ('{\"routes\": []}')"));
        Assert.Equal(1, await posting.ExecuteAsync("insert into erp.work_item (code, detail, source_topic, source_partition, source_offset) values ('X', 'x', 't', 0, floor(random() * 1e9)::bigint)"));
        await using var people = await OpenAsync("erp_people");
        await people.ExecuteAsync("select erp.note('ann', 'test', (select min(id) from erp.work_item), 'x')");
        await using var reader = await OpenAsync("erp_reader");
        Assert.True(await reader.ExecuteScalarAsync<long>("select count(*) from erp.audit") > 0);
        // What people do through the program, they do in their role.
        Assert.Equal("erp_people", await _ledger.Database.InAsync(c => c.ExecuteScalarAsync<string>("select current_user::text")));
    }

    [Fact]
    public async Task A_login_with_the_two_roles_runs_the_whole_sink()
    {
        var login = $"sink_{Guid.NewGuid():N}";
        await _ledger.SqlAsync($"create role {login} login password 'x' in role erp_posting, erp_people");
        try
        {
            await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Username = login, Password = "x", MaxPoolSize = 20, Pooling = true }.ConnectionString);
            await Streams.ErpSink.Ledger.LedgerSchema.ApplyAsync(database);
            await using var harness = await SinkHarness.StartAsync(database);
            ErpDocument[] documents = [Documents.Create(1, prefix: "login"), Documents.Create(2, prefix: "login")];
            await harness.TakeAsync(documents);
            await harness.RunUntilQuietAsync(harness.Loop());
            await harness.AssertPostedOnceAsync(documents);
            var service = new PeopleService(database, harness.Options(), TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<PeopleService>.Instance);
            await service.StepAsync(default);
            Assert.NotNull(await service.AnchorAsync(TimeSpan.Zero, default));
            var people = new PeopleDatabase(database);
            await people.InAsync(c => Requests.SetAsync(c, new SetFilter()));
        }
        finally
        {
            await _ledger.SqlAsync($"drop role {login}");
        }
    }

    bool _seeded;

    /// <summary>One posting each: planned, waiting, refused with an open request, confirmed.</summary>
    async Task SeedAsync()
    {
        await using var c = await postgres.Database.OpenConnectionAsync();
        if (_seeded || await c.ExecuteScalarAsync<bool>("select exists (select 1 from erp.posting)")) return;
        _seeded = true;
        await _ledger.RulesAsync("""{"postings": [{"name": "some", "customers": ["role-2"]}]}""");
        await _ledger.TakeAsync(Documents.Create(1, prefix: "role"));
        await _ledger.TakeAsync(Documents.Create(5, prefix: "role"));
        await _ledger.TakeAsync(Documents.Create(2, prefix: "role"));
        var item = await _ledger.RefusedAsync(Documents.Create(3, prefix: "role"));
        await _ledger.Database.InAsync(x => WorkQueue.NoteAsync(x, Ann, item, "x"));
        await _ledger.AskAsync(Ann, "retry", item);
        var two = await _ledger.TakeAsync(Documents.Create(2, "2026-02", prefix: "role"));
        await _ledger.RulesAsync("""{"postings": [{"name": "some", "customers": ["role-2"], "approvers": 2}]}""");
        await _ledger.ApproveAsync(Bob, await _ledger.WaitingAsync(two));
        var done = await _ledger.TakeAsync(Documents.Create(4, prefix: "role"));
        await c.ExecuteAsync("""
            update erp.posting set state = 'claimed' where document_key = @DocumentKey;
            with c as (insert into erp.call (account, call, instance, documents) values ('ledger', 'post', 't', 1) returning id)
            update erp.posting set state = 'sent', outcome = null, call_id = c.id from c where document_key = @DocumentKey;
            update erp.posting set state = 'created', outcome = 'created' where document_key = @DocumentKey;
            update erp.posting set state = 'confirmed', outcome = 'found' where document_key = @DocumentKey
            """, done);
    }

    async Task<NpgsqlConnection> OpenAsync(string role)
    {
        var connection = new NpgsqlConnection(postgres.ConnectionString + (role == "" ? "" : $";Options=-c role={role}"));
        await connection.OpenAsync();
        return connection;
    }
}
