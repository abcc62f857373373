using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Hosting;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Queries;
using Streams.Aggregators.Tests.Billing;
using Streams.Rating.Contracts;
using Streams.Schemas;
using static Streams.Aggregators.Tests.Billing.Billed;

namespace Streams.Aggregators.Tests.Entitlements;

/// <summary>GET /v1/entitlements over HTTP.</summary>
public sealed class EntitlementEndpointTests : IAsyncLifetime
{
    const string Key = "sk_reader";

    static readonly string[] Features =
    [
        """{"type": "boolean", "feature": "sso"}""",
        """{"type": "static", "feature": "support", "value": "24x7"}""",
        """{"type": "metered", "feature": "hard", "meter": "calls", "limit": "10", "reset": {"every": "day"}, "rollOver": "3"}""",
        """{"type": "metered", "feature": "soft", "meter": "calls", "limit": "8", "kind": "soft", "reset": {"every": "never"}}""",
    ];

    readonly EntitlementView _view = new();
    readonly Billed _billed;
    readonly List<WebApplication> _hosts = [];
    string? _owner;

    public EntitlementEndpointTests() => _billed = new(Book(EntitlementFixture.Json(Features)), view: _view);

    public Task InitializeAsync()
    {
        _billed.Send(Event("e1", "ada", "calls", At("2026-03-02T10:00:00Z"), "13"), Event("e2", "bob", "calls", At("2026-03-02T10:00:00Z"), "4"));
        _billed.Commit();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        foreach (var host in _hosts) await host.DisposeAsync();
        _billed.Dispose();
    }

    [Fact]
    public async Task A_hard_limit_that_is_reached_denies_until_the_reset()
    {
        var http = await HostAsync(_view);
        var denied = await AskAsync(http, "ada/hard?at=2026-03-02T12:00:00Z");
        Assert.Equal("""{"customer":"ada","feature":"hard","type":"metered","allowed":false,"reason":"LIMIT_REACHED","kind":"hard","limit":"13","rolledOver":"3","used":"13","remaining":"0","resetsAt":"2026-03-03T00:00:00Z","asOf":"2026-03-02T10:00:00Z"}""", denied.Body.ToJsonString());

        var later = await AskAsync(http, "ada/hard?at=2026-03-03T00:00:00Z");
        Assert.Equal((true, "10", "0", "10"), ((bool)later.Body["allowed"]!, (string)later.Body["limit"]!, (string)later.Body["used"]!, (string)later.Body["remaining"]!));
    }

    [Fact]
    public async Task A_soft_limit_allows_and_tells_the_overage()
    {
        var (_, body) = await AskAsync(await HostAsync(_view), "ada/soft");
        Assert.Equal((true, "8", "13", "0", "5"), ((bool)body["allowed"]!, (string)body["limit"]!, (string)body["used"]!, (string)body["remaining"]!, (string)body["overage"]!));
        Assert.Null(body["resetsAt"]);
    }

    [Fact]
    public async Task Boolean_and_static_features_and_all_at_once()
    {
        var http = await HostAsync(_view);
        Assert.True((bool)(await AskAsync(http, "bob/sso")).Body["allowed"]!);
        Assert.Equal("24x7", (string)(await AskAsync(http, "bob/support")).Body["value"]!);
        var all = (await AskAsync(http, "bob?at=2026-03-02T12:00:00Z")).Body;
        Assert.Equal(["hard", "soft", "sso", "support"], all["entitlements"]!.AsArray().Select(e => (string)e!["feature"]!));
        Assert.Equal("9", (string)all["entitlements"]![0]!["remaining"]!);
        Assert.Empty((await AskAsync(http, "none")).Body["entitlements"]!.AsArray());
    }

    [Theory]
    [InlineData("eve/sso", 404, "CUSTOMER_UNKNOWN")]
    [InlineData("eve", 404, "CUSTOMER_UNKNOWN")]
    [InlineData("ada/nothing", 404, "FEATURE_UNKNOWN")]
    [InlineData("none/sso", 404, "FEATURE_UNKNOWN")]
    [InlineData("ada/hard?at=yesterday", 400, "TIME_INVALID")]
    [InlineData("ada/hard?at=2300-01-01", 400, "TIME_INVALID")]
    public async Task What_is_not_known_is_a_problem_with_a_code(string path, int status, string code)
    {
        var (answer, body) = await AskAsync(await HostAsync(_view), path);
        Assert.Equal((status, code, "application/problem+json"), ((int)answer.StatusCode, (string)body["code"]!, answer.Content.Headers.ContentType!.MediaType));
        Assert.True(((string)body["detail"]!).Length > 20);
    }

    [Fact]
    public async Task Who_is_paid_for_shares_what_the_parent_uses()
    {
        var http = await HostAsync(_view);
        Assert.True((bool)(await AskAsync(http, "kid/sso")).Body["allowed"]!);
        var (_, body) = await AskAsync(http, "kid/soft");
        Assert.Equal(("kid", "13"), ((string)body["customer"]!, (string)body["used"]!));
    }

    [Fact]
    public async Task Before_the_contract_it_is_not_in_force()
    {
        var (_, body) = await AskAsync(await HostAsync(_view), "ada/hard?at=2026-02-01T00:00:00Z");
        Assert.Equal((false, "NOT_IN_FORCE"), ((bool)body["allowed"]!, (string)body["reason"]!));
    }

    [Fact]
    public async Task Without_a_key_nothing_is_told()
    {
        var http = await HostAsync(_view);
        http.DefaultRequestHeaders.Authorization = null;
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync(http, "ada/sso")).Answer.StatusCode);
    }

    [Fact]
    public async Task The_instance_that_has_the_partition_is_asked_once()
    {
        var owner = await HostAsync(_view);
        var http = await HostAsync(new());
        Assert.Equal((421, 0), await CodeAsync(http, "ada/hard"));

        _owner = owner.BaseAddress!.Authority;
        Assert.Equal("13", (string)(await AskAsync(http, "ada/hard?at=2026-03-02T12:00:00Z")).Body["used"]!);
        Assert.Equal("24x7", (string)(await AskAsync(http, "ada/support")).Body["value"]!);

        // Two that each take the other for the owner.
        var (one, two) = (await HostAsync(new()), await HostAsync(new()));
        _owner = two.BaseAddress!.Authority;
        Assert.Equal((421, 0), await CodeAsync(one, "ada/hard"));

        _owner = "127.0.0.1:1";
        Assert.Equal(503, (await CodeAsync(http, "ada/hard")).Status);
    }

    static async Task<(int Status, int Partition)> CodeAsync(HttpClient http, string path)
    {
        var (answer, body) = await AskAsync(http, path);
        return ((int)answer.StatusCode, (int)body["partition"]!);
    }

    static async Task<(HttpResponseMessage Answer, JsonNode Body)> AskAsync(HttpClient http, string path)
    {
        var answer = await http.GetAsync("/v1/entitlements/" + path);
        return (answer, JsonNode.Parse(await answer.Content.ReadAsStringAsync())!);
    }

    async Task<HttpClient> HostAsync(EntitlementView view)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        _hosts.Add(app);
        var owners = new EntitlementFixture.Owners(_ => 0, _ => _owner);
        var reader = new EntitlementReader(() => _billed.Source.Current, view, owners, TimeProvider.System);
        app.MapEntitlements(reader, new(a => a == "Bearer " + Key ? null : new(401, "KEY_INVALID", "No key")), new Peers(owners, null, new HttpClient()));
        await app.StartAsync();
        var http = new HttpClient { BaseAddress = new(app.Urls.First()) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        return http;
    }
}
