using Dapper;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Streams.ErpSink.People;
using Streams.ErpSink.Publishing;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.Routing;
using Streams.Schemas;
using static Streams.ErpSink.Tests.People.PeopleLedger;

namespace Streams.ErpSink.Tests.People;

/// <summary>The audit trail: what is in it, and that no change of it goes unseen.</summary>
public sealed class AuditTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    const string Unguarded = "alter table erp.audit disable trigger all;";

    /// <summary>Writes the whole chain anew behind a changed row, head included: what somebody with all rights on the database can do.</summary>
    const string Rechained = """
        do $$
        declare r erp.audit; h text := repeat('0', 64);
        begin
            for r in select * from erp.audit order by sequence loop
                h := encode(sha256(decode(h, 'hex') || convert_to(erp.canonical(r.sequence::text, (extract(epoch from r.at) * 1000000)::bigint::text, r.actor, r.method, r.action, r.subject,
                    r.before_hash, r.after_hash, r.details), 'UTF8')), 'hex');
                update erp.audit set hash = h where sequence = r.sequence;
            end loop;
            update erp.audit_head set hash = h, sequence = (select max(sequence) from erp.audit);
        end $$
        """;

    readonly PeopleLedger _ledger = new(postgres);

    public static TheoryData<string, string, string> Tampering => new()
    {
        { "actor", "update erp.audit set actor = 'eve' where sequence = 5", "was changed" },
        { "one microsecond", "update erp.audit set at = at + interval '1 microsecond' where sequence = 5", "was changed" },
        { "details", "update erp.audit set details = replace(details, '\"note\": ', '\"note\":') where sequence = (select min(sequence) from erp.audit where details like '%\"note\": %')", "was changed" },
        { "null to empty", "update erp.audit set before_hash = '' where sequence = (select min(sequence) from erp.audit where before_hash is null)", "was changed" },
        { "text moved between columns", "update erp.audit set action = action || left(subject, 1), subject = substr(subject, 2) where sequence = 4", "was changed" },
        { "hash", "update erp.audit set hash = repeat('a', 64) where sequence = 5", "was changed" },
        { "deleted", "delete from erp.audit where sequence = 5", "rows 5 to 5 are missing" },
        { "first deleted", "delete from erp.audit where sequence = 1", "rows 1 to 1 are missing" },
        { "reordered", "update erp.audit set sequence = -5 where sequence = 5; update erp.audit set sequence = 5 where sequence = 6; update erp.audit set sequence = 6 where sequence = -5", "was changed" },
        { "inserted", "insert into erp.audit select 0, at, 'eve', method, action, subject, before_hash, after_hash, details, hash from erp.audit where sequence = 5", "was changed" },
        { "tail cut", "delete from erp.audit where sequence > 6", "the tail was cut off" },
        { "tail cut with the head", "delete from erp.audit where sequence > 6; update erp.audit_head set sequence = 6, hash = (select hash from erp.audit where sequence = 6)", "Kafka keeps a head at row" },
        { "written anew", $"update erp.audit set actor = 'eve' where sequence = 3; {Rechained}", "the chain was written anew" },
        { "replaced", $"delete from erp.audit where sequence > 2; update erp.audit_head set ledger = gen_random_uuid(), anchored = 0; {Rechained}", "none of this one" },
        { "replaced, anchors known", $"update erp.audit_head set ledger = gen_random_uuid(); {Rechained}", "Kafka has none of them" },
    };

    [Theory, MemberData(nameof(Tampering))]
    public async Task Tampering_is_found(string what, string sql, string finding)
    {
        var anchors = await SeedAsync();
        await using var c = await postgres.Database.OpenConnectionAsync();
        await using var undone = await c.BeginTransactionAsync();
        await c.ExecuteAsync(Unguarded + sql);
        var verdict = await VerifyAsync(c, anchors);
        Assert.False(verdict.Holds, what);
        Assert.Contains(verdict.Faults, f => f.What.Contains(finding, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_untouched_trail_holds_and_only_Kafka_sees_one_that_was_written_anew()
    {
        var anchors = await SeedAsync();
        await using var c = await postgres.Database.OpenConnectionAsync();
        var verdict = await VerifyAsync(c, anchors);
        Assert.Empty(verdict.Faults);
        Assert.Equal(verdict.Rows, verdict.Head);
        Assert.True(verdict.Anchors >= 2);
        await using var undone = await c.BeginTransactionAsync();
        await c.ExecuteAsync(Unguarded + "update erp.audit set actor = 'eve' where sequence = 3;" + Rechained);
        Assert.True((await VerifyAsync(c, null)).Holds);
    }

    [Fact]
    public async Task A_ledger_that_went_on_from_an_old_backup_is_found()
    {
        var anchors = await SeedAsync();
        AuditAnchor[] back = [.. anchors, anchors[0]];
        await using var c = await postgres.Database.OpenConnectionAsync();
        Assert.Contains((await VerifyAsync(c, back)).Faults, f => f.What.Contains("go back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_is_verified_like_the_ledger_and_a_changed_one_is_not()
    {
        await SeedAsync();
        await using var c = await postgres.Database.OpenConnectionAsync();
        var file = new StringWriter();
        var rows = await AuditFile.WriteAsync(file, await AuditTrail.HeadAsync(c), AuditTrail.AllAsync(c));
        Assert.True(rows > 6);
        Assert.True((await VerifyAsync(file.ToString())).Holds);
        Assert.False((await VerifyAsync(file.ToString().Replace("\"ann\"", "\"eve\"", StringComparison.Ordinal))).Holds);
        Assert.False((await VerifyAsync(file.ToString()[..file.ToString().TrimEnd().LastIndexOf('\n')])).Holds);
        await Assert.ThrowsAsync<FormatException>(() => VerifyAsync(file.ToString() + "{}\n"));
    }

    [Fact]
    public async Task Every_change_of_the_configuration_is_a_row_and_what_does_not_change_is_none()
    {
        await new RouteStore(postgres.Database).SaveAsync(RouteTable.Parse("""{"routes": [{"account": "config"}]}"""));
        await new RouteStore(postgres.Database).SaveAsync(RouteTable.Parse("""{"routes": [{"account": "config"}]}"""));
        await _ledger.RulesAsync("""{"expireHours": 7}""");
        var gate = (AccountQuota quota) => new QuotaGate(postgres.Database, "config", "t", quota, TimeSpan.FromMinutes(1), TimeProvider.System).PrepareAsync();
        await gate(new AccountQuota { Concurrency = 2 });
        await gate(new AccountQuota { Concurrency = 2 });
        await gate(new AccountQuota { Concurrency = 4 });
        await using var c = await postgres.Database.OpenConnectionAsync();
        var quota = await AuditTrail.ListAsync(c, 0, 1000, subject: "quota/config");
        Assert.Equal(2, quota.Count);
        Assert.Equal(quota[0].AfterHash, quota[1].BeforeHash);
        Assert.Contains("\"concurrency\": 4", quota[1].Details, StringComparison.Ordinal);
        Assert.Single(await AuditTrail.ListAsync(c, 0, 1000, subject: "route_table"));
        Assert.Contains("\"expireHours\": 7", (await AuditTrail.ListAsync(c, 0, 1000, subject: "people_rules"))[^1].Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_that_is_rolled_back_leaves_no_row_and_no_gap()
    {
        await SeedAsync();
        await using var c = await postgres.Database.OpenConnectionAsync();
        var before = await AuditTrail.HeadAsync(c);
        await using (await c.BeginTransactionAsync()) await c.ExecuteAsync("insert into erp.people_rules (content) values ('{\"expireHours\": 9}')");
        Assert.Equal(before, await AuditTrail.HeadAsync(c));
    }

    [Fact]
    public async Task Heads_go_to_Kafka_when_they_are_new_and_not_more_often_than_asked()
    {
        await SeedAsync();
        var options = new ErpSinkOptions { Registry = new FixedRegistry(), Postgres = postgres.ConnectionString, Accounts = [] };
        var service = new PeopleService(postgres.Database, options, TimeProvider.System, NullLogger<PeopleService>.Instance);
        await service.AnchorAsync(TimeSpan.Zero, default);
        Assert.Null(await service.AnchorAsync(TimeSpan.Zero, default));
        await _ledger.RulesAsync($$"""{"expireHours": {{Random.Shared.Next(100, 8000)}}}""");
        Assert.Null(await service.AnchorAsync(TimeSpan.FromMinutes(1), default));
        Assert.NotNull(await service.AnchorAsync(TimeSpan.Zero, default));
        await service.StepAsync(default);
    }

    /// <summary>At least eight rows with a head of Kafka in the middle and one at the end.</summary>
    async Task<List<AuditAnchor>> SeedAsync()
    {
        var options = new ErpSinkOptions { Registry = new FixedRegistry(), Postgres = postgres.ConnectionString, Accounts = [] };
        var service = new PeopleService(postgres.Database, options, TimeProvider.System, NullLogger<PeopleService>.Instance);
        var n = Interlocked.Increment(ref _seeds);
        await _ledger.RulesAsync("""{"actions": []}""");
        var item = await _ledger.RefusedAsync(Documents.Create(n, prefix: "audit"));
        for (var i = 0; i < 3; i++) await _ledger.Database.InAsync(c => WorkQueue.NoteAsync(c, Ann, item, $"note {i}: ∑ \"quoted\""));
        await service.AnchorAsync(TimeSpan.Zero, default);
        for (var i = 0; i < 3; i++) await _ledger.Database.InAsync(c => WorkQueue.NoteAsync(c, Bob, item, $"note {i}"));
        await _ledger.AskAsync(Ann, "retry", item);
        await service.AnchorAsync(TimeSpan.Zero, default);
        var publisher = new ListPublisher();
        var outbox = new OutboxPublisher(postgres.Database, publisher, new FixedRegistry(), options, TimeProvider.System, NullLogger<OutboxPublisher>.Instance);
        while (await outbox.PublishHeadsAsync() > 0) continue;
        Kafka.AddRange(publisher.Records.Where(r => r.Topic == Topics.ErpAuditHeads).Select(r => AuditAnchor.Read(r.Value)!));
        return [.. Kafka];
    }

    static readonly List<AuditAnchor> Kafka = [];
    static int _seeds;

    static async Task<AuditVerdict> VerifyAsync(NpgsqlConnection c, IReadOnlyList<AuditAnchor>? anchors) =>
        await AuditVerification.RunAsync(await AuditTrail.HeadAsync(c), AuditTrail.AllAsync(c), anchors);

    static async Task<AuditVerdict> VerifyAsync(string file)
    {
        using var reader = new StringReader(file);
        return await AuditVerification.RunAsync(await AuditFile.ReadHeadAsync(reader), AuditFile.ReadRowsAsync(reader), null);
    }
}
