using Streams.ErpSink.People;
using static Streams.ErpSink.Tests.People.PeopleLedger;

namespace Streams.ErpSink.Tests.People;

/// <summary>Whose an exception is, and what is written down about it.</summary>
public sealed class WorkQueueTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    const string Owners = """
        {"owners": [
           {"codes": ["PERIOD_CLOSED"], "owner": "gl-team", "dueHours": 8, "reason": "The period is closed in the ERP"},
           {"customers": ["owned-1"], "owner": "key-account", "dueHours": 4},
           {"owner": "ar-team", "dueHours": 24}],
         "actions": []}
        """;

    readonly PeopleLedger _ledger = new(postgres);

    [Fact]
    public async Task The_first_rule_that_fits_gives_owner_deadline_and_reason()
    {
        await _ledger.RulesAsync(Owners);
        var closed = (await _ledger.ItemAsync(await _ledger.RefusedAsync(Documents.Create(1, prefix: "owned"), "PERIOD_CLOSED"))).Item;
        var key = (await _ledger.ItemAsync(await _ledger.RefusedAsync(Documents.Create(1, "2026-02", prefix: "owned")))).Item;
        var other = (await _ledger.ItemAsync(await _ledger.RefusedAsync(Documents.Create(2, prefix: "owned")))).Item;
        Assert.Equal("gl-team key-account ar-team", $"{closed.Owner} {key.Owner} {other.Owner}");
        Assert.Equal([8, 4, 24], new[] { closed, key, other }.Select(w => (w.DueAt!.Value - w.OpenedAt).TotalHours));
        Assert.Equal(("The period is closed in the ERP", "US01", "2026-01", false), (closed.Reason, closed.LegalEntity, closed.Period, closed.Overdue));
    }

    [Fact]
    public async Task Notes_and_owners_are_on_record_and_in_the_audit_trail()
    {
        await _ledger.RulesAsync(Owners);
        var id = await _ledger.RefusedAsync(Documents.Create(1, prefix: "noted"));
        await _ledger.Database.InAsync(async c =>
        {
            await WorkQueue.AssignAsync(c, Ann, id, "bob", new DateTimeOffset(2026, 2, 1, 0, 0, 0, TimeSpan.Zero));
            return await WorkQueue.NoteAsync(c, Bob, id, "asked the customer\nfor the tax code");
        });
        var detail = await _ledger.ItemAsync(id);
        Assert.Equal(("bob", true), (detail.Item.Owner, detail.Item.Overdue));
        Assert.Equal(("bob", "asked the customer\nfor the tax code"), (detail.Notes.Single().Actor, detail.Notes.Single().Text));
        var audit = await _ledger.Database.InAsync(c => AuditTrail.ListAsync(c, 0, 1000, subject: $"work_item/{id}"));
        Assert.Equal(["work_item.assigned ann", "work_item.noted bob"], audit.Select(a => $"{a.Action} {a.Actor}"));
        Assert.Equal("FIELD_INVALID", await CodeAsync(() => _ledger.Database.InAsync(async c => { await WorkQueue.AssignAsync(c, Ann, id, "Bob The Great", null); return 0; })));
    }

    [Fact]
    public async Task All_of_a_kind_are_retried_as_one_request()
    {
        await _ledger.RulesAsync(Owners);
        for (var i = 1; i <= 7; i++) await _ledger.RefusedAsync(Documents.Create(i, "2026-07", prefix: "kind"), i <= 5 ? "TAX_CODE_MISSING" : "OTHER");
        var filter = new WorkFilter(Code: "TAX_CODE_MISSING", Account: Account, Period: "2026-07");
        var request = await _ledger.Database.InAsync(async c =>
            (await Requests.GetAsync(c, await Requests.AskAsync(c, Ann, "retry", await WorkQueue.IdsAsync(c, filter, Requests.MaxDocuments), null, "tax codes are mapped"))).Request);
        Assert.Equal(("executed", 5), (request.Status, request.Documents));
        Assert.Empty(await _ledger.Database.InAsync(c => WorkQueue.ListAsync(c, filter, 0, 10)));
        Assert.Equal(2, (await _ledger.Database.InAsync(c => WorkQueue.ListAsync(c, filter with { Code = "OTHER" }, 0, 10))).Count);
        Assert.Equal(5, (await _ledger.Database.InAsync(c => WorkQueue.ListAsync(c, filter with { Resolved = true }, 0, 10))).Count);
    }

    [Fact]
    public void The_documented_rules_are_read() =>
        Assert.Equal(3, PeopleRules.Parse(File.ReadAllText(Path.Combine(Testing.Checkout.Root, "docs", "people-rules.example.json"))).Postings.Count);

    [Theory]
    [InlineData("""{"owners": [{"owner": "Mr X", "dueHours": 1}]}""", "owners[0].owner")]
    [InlineData("""{"owners": [{"owner": "x", "dueHours": 0}]}""", "owners[0].dueHours")]
    [InlineData("""{"postings": [{"name": "p", "approvers": 3}]}""", "postings[0].approvers")]
    [InlineData("""{"postings": [{"name": "p", "above": {"usd": "1"}}]}""", "postings[0].above")]
    [InlineData("""{"actions": [{"approvers": 1, "above": {"USD": "1e3"}}]}""", "actions[0].above.USD")]
    [InlineData("""{"actions": [{"approvers": 1, "actions": ["steal"]}]}""", "'steal'")]
    [InlineData("""{"actions": [{"actions": ["retry"]}]}""", "approvers")]
    [InlineData("""{"colour": "red"}""", "colour")]
    public void Rules_that_make_no_sense_name_the_place(string json, string place) =>
        Assert.Contains(place, Assert.Throws<ArgumentException>(() => PeopleRules.Parse(json)).Message, StringComparison.Ordinal);
}
