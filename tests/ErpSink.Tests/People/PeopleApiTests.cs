using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Streams.ErpSink.People;
using Streams.ErpSink.People.Http;
using Streams.Schemas;

namespace Streams.ErpSink.Tests.People;

/// <summary>The API over HTTP: who may, what is refused, and that a request sent twice is done once.</summary>
public sealed class PeopleApiTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    readonly PeopleLedger _ledger = new(postgres);
    WebApplication _app = null!;
    HttpClient _http = null!;

    static readonly PeopleKey[] Keys =
    [
        Key("work-read", "rita", PeopleScopes.WorkRead), Key("work-write", "walt", PeopleScopes.WorkWrite), Key("posting-approve", "paul", PeopleScopes.PostingApprove),
        Key("audit-read", "aude", PeopleScopes.AuditRead), Key("ann", "ann", [.. PeopleScopes.All]), Key("ann-phone", "ann", [.. PeopleScopes.All]), Key("bob", "bob", [.. PeopleScopes.All]),
        Key("past", "ann", [.. PeopleScopes.All]) with { ExpiresAt = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero) },
    ];

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(postgres.Database).AddPeopleApi(new PeopleOptions { Keys = Keys });
        _app = builder.Build();
        _app.MapPeople();
        await _app.StartAsync();
        _http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
        await _ledger.RulesAsync("""{"postings": [{"name": "waits", "customers": ["api-8", "api-9"]}]}""");
    }

    public async Task DisposeAsync()
    {
        _http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    [Fact]
    public async Task Each_route_is_open_to_its_scope_and_to_nothing_else()
    {
        var wrong = new List<string>();
        foreach (var route in PeopleRoutes.All)
        {
            foreach (var key in new string?[] { null, "unknown", "past", "work-read", "work-write", "posting-approve", "audit-read" })
            {
                var expected = key is null or "unknown" or "past" ? 401 : key.Replace('-', ':') == route.Scope ? 0 : 403;
                var (status, _) = await SendAsync(route.Method, route.Pattern.Replace("{id}", "1", StringComparison.Ordinal).Replace("{key}", "X", StringComparison.Ordinal), key, route.Method == "GET" ? null : "{}");
                if (expected == 0 ? status is 401 or 403 or >= 500 : status != expected) wrong.Add($"{route.Method} {route.Pattern} with {key ?? "no key"}: {status}");
            }
        }
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        Assert.Equal(16, PeopleRoutes.All.Count);
    }

    [Fact]
    public async Task An_exception_goes_from_the_list_to_planned_by_two_people()
    {
        var document = Documents.Create(1, prefix: "api");
        var id = await _ledger.RefusedAsync(document, "TAX_CODE_MISSING");
        var (_, list) = await SendAsync("GET", "/v1/work-items?code=TAX_CODE_MISSING&customer=api-1", "rita-none");
        Assert.Equal("KEY_INVALID", (string?)list["code"]);
        (_, list) = await SendAsync("GET", "/v1/work-items?code=TAX_CODE_MISSING&customer=api-1", "work-read");
        Assert.Equal((id, "refused", document.Total.ToString()), ((long)list["items"]![0]!["id"]!, (string?)list["items"]![0]!["state"], (string?)list["items"]![0]!["amount"]));
        Assert.Equal(200, (await SendAsync("POST", $"/v1/work-items/{id}/assign", "ann", """{"owner": "bob", "dueAt": "2026-02-01T00:00:00Z"}""")).Status);
        Assert.Equal(200, (await SendAsync("POST", $"/v1/work-items/{id}/notes", "ann", """{"text": "code is mapped now"}""")).Status);

        var (status, asked) = await SendAsync("POST", "/v1/work-items/requests", "ann", $$"""{"action": "retry", "items": [{{id}}], "reason": "mapped"}""");
        Assert.Equal((201, "open", 1), (status, (string?)asked["request"]!["status"], (int)asked["request"]!["approvers"]!));
        var (request, hash) = ((long)asked["request"]!["id"]!, (string)asked["request"]!["hash"]!);
        // The same person with another key is the same person.
        Assert.Equal((403, "OWN_REQUEST"), await CodeAsync("POST", $"/v1/approvals/{request}/approve", "ann-phone", $$"""{"hash": "{{hash}}"}"""));
        Assert.Equal((409, "HASH_DIFFERS"), await CodeAsync("POST", $"/v1/approvals/{request}/approve", "bob", $$"""{"hash": "{{new string('0', 64)}}"}"""));
        Assert.Equal((403, "SCOPE_MISSING"), await CodeAsync("POST", $"/v1/approvals/{request}/approve", "work-write", $$"""{"hash": "{{hash}}"}"""));
        var (done, approved) = await SendAsync("POST", $"/v1/approvals/{request}/approve", "bob", $$"""{"hash": "{{hash}}"}""");
        Assert.Equal((200, "executed", "bob"), (done, (string?)approved["request"]!["status"], (string?)approved["approvals"]![0]!["actor"]));
        Assert.Equal((409, "DECIDED"), await CodeAsync("POST", $"/v1/approvals/{request}/approve", "bob", $$"""{"hash": "{{hash}}"}"""));
        Assert.Equal("planned", (string?)(await SendAsync("GET", $"/v1/postings/{document.DocumentKey}", "work-read")).Answer["items"]![0]!["state"]);
        var audit = (await SendAsync("GET", $"/v1/audit?subject=request/{request}", "audit-read")).Answer["items"]!.AsArray();
        Assert.Equal(["retry.requested ann api-key:ann", "retry.executed bob api-key:bob"], audit.Select(a => $"{a!["action"]} {a["actor"]} {a["method"]}"));
    }

    [Fact]
    public async Task A_confirmed_document_is_reversed_by_two_people()
    {
        var document = await _ledger.TakeAsync(Documents.Create(3, prefix: "api"));
        var path = $"/v1/postings/{document.DocumentKey}/reversal";
        Assert.Equal((422, "NOT_POSSIBLE"), await CodeAsync("POST", path, "ann", """{"reason": "wrong customer"}"""));
        await _ledger.ConfirmAsync(document.DocumentKey);
        Assert.Equal((400, "FIELD_INVALID"), await CodeAsync("POST", path, "ann", """{"reason": " "}"""));
        Assert.Equal((404, "NOT_FOUND"), await CodeAsync("POST", "/v1/postings/X/reversal", "ann", """{"reason": "wrong customer"}"""));
        var (status, asked) = await SendAsync("POST", path, "ann", """{"reason": "wrong customer"}""");
        Assert.Equal((201, "reverse", "open", document.DocumentKey), (status, (string?)asked["request"]!["action"], (string?)asked["request"]!["status"], (string?)asked["reversal"]!["reverses"]));
        var body = $$"""{"hash": "{{asked["request"]!["hash"]}}"}""";
        Assert.Equal((403, "OWN_REQUEST"), await CodeAsync("POST", $"/v1/approvals/{asked["request"]!["id"]}/approve", "ann", body));
        Assert.Equal(200, (await SendAsync("POST", $"/v1/approvals/{asked["request"]!["id"]}/approve", "bob", body)).Status);
        Assert.Equal((409, "REVERSED"), await CodeAsync("POST", path, "ann", """{"reason": "again"}"""));
        var posting = (await SendAsync("GET", $"/v1/postings/{document.DocumentKey}", "work-read")).Answer["items"]![0]!;
        Assert.Equal((string?)asked["reversal"]!["documentKey"], (string?)posting["reversedBy"]);
    }

    [Fact]
    public async Task The_same_idempotency_key_is_one_action_even_at_once()
    {
        var id = await _ledger.RefusedAsync(Documents.Create(2, prefix: "api"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => SendAsync("POST", $"/v1/work-items/{id}/notes", "ann", """{"text": "once"}""", "same-key")));
        Assert.All(answers, a => Assert.Equal(200, a.Status));
        Assert.Single(answers.Select(a => a.Answer.ToJsonString()).Distinct());
        Assert.Single((await _ledger.ItemAsync(id)).Notes);
        Assert.Equal((409, "KEY_REUSED"), await CodeAsync("POST", $"/v1/work-items/{id}/notes", "ann", """{"text": "twice"}""", "same-key"));
        Assert.Equal(200, (await SendAsync("POST", $"/v1/work-items/{id}/notes", "bob", """{"text": "another person's"}""", "same-key")).Status);
    }

    [Fact]
    public async Task A_set_is_approved_by_its_hash()
    {
        await _ledger.TakeAsync(Documents.Create(8, "2026-08", prefix: "api"));
        await _ledger.TakeAsync(Documents.Create(9, "2026-08", prefix: "api"));
        var (_, set) = await SendAsync("GET", "/v1/approval-sets?period=2026-08", "work-read");
        Assert.Equal(2, (int)set["documents"]!);
        var body = $$"""{"filter": {"period": "2026-08"}, "hash": "{{set["hash"]}}"}""";
        Assert.Equal((409, "SET_MOVED"), await CodeAsync("POST", "/v1/approval-sets/approve", "bob", body.Replace("2026-08", "2026-09", StringComparison.Ordinal)));
        var (status, approved) = await SendAsync("POST", "/v1/approval-sets/approve", "bob", body);
        Assert.Equal((200, 2), (status, (int)approved["documents"]!));
        Assert.Equal((409, "SET_MOVED"), await CodeAsync("POST", "/v1/approval-sets/approve", "ann", body));
    }

    [Fact]
    public async Task A_list_is_paged_by_cursor_without_gap_or_repetition()
    {
        for (var i = 20; i < 27; i++) await _ledger.RefusedAsync(Documents.Create(i, "2026-09", prefix: "api"), "PAGED");
        foreach (var path in new[] { "/v1/work-items?code=PAGED", "/v1/postings?period=2026-09", "/v1/audit?" })
        {
            var seen = new List<string>();
            for (string? next = ""; next is not null;)
            {
                var (_, page) = await SendAsync("GET", $"{path}&limit=3{(next == "" ? "" : $"&after={Uri.EscapeDataString(next)}")}", "ann");
                seen.AddRange(page["items"]!.AsArray().Select(i => i!.ToJsonString()));
                next = (string?)page["next"];
            }
            if (!path.Contains("audit", StringComparison.Ordinal)) Assert.Equal(7, seen.Count);
            Assert.Equal(seen.Count, seen.Distinct().Count());
        }
    }

    [Theory]
    [InlineData("GET", "/v1/work-items?colour=red", null, 400, "PARAMETER_UNKNOWN")]
    [InlineData("GET", "/v1/work-items?limit=0", null, 400, "FIELD_INVALID")]
    [InlineData("GET", "/v1/work-items?limit=5&limit=6", null, 400, "FIELD_INVALID")]
    [InlineData("GET", "/v1/work-items?overdue=perhaps", null, 400, "FIELD_INVALID")]
    [InlineData("GET", "/v1/work-items?code=%00", null, 400, "FIELD_INVALID")]
    [InlineData("GET", "/v1/work-items/999999999", null, 404, "NOT_FOUND")]
    [InlineData("GET", "/v1/work-items/x", null, 404, "NOT_FOUND")]
    [InlineData("GET", "/v1/postings/NONE", null, 404, "NOT_FOUND")]
    [InlineData("POST", "/v1/work-items/1/assign", """{"owner": "bob", "colour": "red"}""", 400, "BODY_INVALID")]
    [InlineData("POST", "/v1/work-items/1/assign", """{"owner": "bob", "owner": "eve"}""", 400, "BODY_INVALID")]
    [InlineData("POST", "/v1/work-items/1/assign", "{}", 400, "BODY_INVALID")]
    [InlineData("POST", "/v1/work-items/1/assign", "null", 400, "BODY_INVALID")]
    [InlineData("POST", "/v1/work-items/1/assign", """{"owner": null}""", 400, "BODY_INVALID")]
    [InlineData("POST", "/v1/work-items/1/assign", """{"owner": "Bob; drop table"}""", 400, "FIELD_INVALID")]
    [InlineData("POST", "/v1/work-items/999999999/notes", """{"text": "x"}""", 404, "NOT_FOUND")]
    [InlineData("POST", "/v1/work-items/1/notes", """{"text": "a\u0000b"}""", 400, "FIELD_INVALID")]
    [InlineData("POST", "/v1/work-items/requests", """{"action": "steal", "items": [1], "reason": "x"}""", 400, "FIELD_INVALID")]
    [InlineData("POST", "/v1/work-items/requests", """{"action": "retry", "reason": "x"}""", 400, "FIELD_INVALID")]
    [InlineData("POST", "/v1/work-items/requests", """{"action": "retry", "filter": {}, "reason": "x"}""", 400, "FIELD_INVALID")]
    [InlineData("POST", "/v1/work-items/requests", """{"action": "release", "items": [1], "reason": "x"}""", 400, "FIELD_INVALID")]
    [InlineData("POST", "/v1/work-items/requests", """{"action": "retry", "items": ["1"], "reason": "x"}""", 400, "BODY_INVALID")]
    [InlineData("POST", "/v1/approvals/999999999/approve", """{"hash": "x"}""", 404, "NOT_FOUND")]
    [InlineData("POST", "/v1/approvals/1/refuse", """{"hash": "x"}""", 400, "FIELD_INVALID")]
    public async Task What_makes_no_sense_is_a_problem_with_a_code(string method, string path, string? body, int status, string code) =>
        Assert.Equal((status, code), await CodeAsync(method, path, "ann", body));

    [Fact]
    public async Task A_change_needs_its_key_its_type_and_a_bounded_body()
    {
        Assert.Equal((400, "IDEMPOTENCY_KEY_MISSING"), await CodeAsync("POST", "/v1/work-items/1/notes", "ann", """{"text": "x"}""", ""));
        Assert.Equal((413, "BODY_TOO_LARGE"), await CodeAsync("POST", "/v1/work-items/1/notes", "ann", $$"""{"text": "{{new string('x', 1_100_000)}}"}"""));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/work-items/1/notes") { Content = new StringContent("text=x", Encoding.UTF8, "application/x-www-form-urlencoded") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "key-of-ann");
        using var answer = await _http.SendAsync(request);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public void Keys_that_make_no_sense_are_refused_at_the_start()
    {
        Assert.Contains("owner", Assert.Throws<ArgumentException>(() => Key("a", "Ann Lee").Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("streams", Assert.Throws<ArgumentException>(() => Key("a", "streams").Validate()).Message, StringComparison.Ordinal);
        Assert.Contains("scope", Assert.Throws<ArgumentException>(() => Key("a", "ann", "usage:write").Validate()).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new ServiceCollection().AddPeopleApi(new PeopleOptions { Keys = [Keys[0], Keys[0] with { Owner = "eve" }] }));
    }

    static PeopleKey Key(string name, string owner, params string[] scopes) => new(name, owner, PeopleKey.Hash($"key-of-{name}"), scopes);

    async Task<(int Status, string? Code)> CodeAsync(string method, string path, string key, string? body, string? idempotency = null)
    {
        var (status, answer) = await SendAsync(method, path, key, body, idempotency);
        return (status, (string?)answer["code"]);
    }

    async Task<(int Status, JsonNode Answer)> SendAsync(string method, string path, string? key, string? body = null, string? idempotency = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (key is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", $"key-of-{key}");
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            if (idempotency != "") request.Headers.Add("Idempotency-Key", idempotency ?? Guid.NewGuid().ToString("N"));
        }
        using var answer = await _http.SendAsync(request);
        return ((int)answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }
}
