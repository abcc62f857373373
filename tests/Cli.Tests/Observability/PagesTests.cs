using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.Cli.Observability;
using Streams.ConsolePages;
using Streams.ErpSink.Status;
using Streams.Schemas;

namespace Streams.Cli.Tests.Observability;

/// <summary>Metrics, health and the operators' pages as a browser gets them.</summary>
public sealed class PagesTests : IAsyncLifetime
{
    const string Hostile = "<script>alert(1)</script>\"'&<img src=x onerror=alert(2)>ü";

    readonly HostileData _data = new();
    HealthCheckResult _ready = HealthCheckResult.Healthy("fine", new Dictionary<string, object> { ["restored"] = 0.5 });
    WebApplication _app = null!;
    HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddObservability().AddSingleton<IConsoleData>(_data);
        builder.Services.AddHealthChecks().AddCheck("work", () => _ready, tags: ["ready"]).AddCheck("process", () => HealthCheckResult.Healthy(), tags: ["live"]);
        _app = builder.Build();
        _app.MapMetrics();
        _app.MapHealth();
        _app.MapConsole();
        await _app.StartAsync();
        _client = new() { BaseAddress = new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()) };
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/documents")]
    [InlineData("/documents?state=%3Cscript%3Ealert(1)%3C/script%3E")]
    [InlineData("/documents/%3Cscript%3Ealert(1)%3C%2Fscript%3E")]
    [InlineData("/documents/missing")]
    [InlineData("/worklist")]
    public async Task Values_never_become_markup(string page)
    {
        var answer = await _client.GetAsync(page);
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        Assert.DoesNotContain("<script", html);
        Assert.DoesNotContain("<img", html);
        Assert.StartsWith("default-src 'self'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.EndsWith("</html>", html.TrimEnd());
    }

    [Fact]
    public async Task A_document_shows_lines_attempts_and_lineage()
    {
        var html = WebUtility.HtmlDecode(await _client.GetStringAsync("/documents/KEY"));

        Assert.Contains(Hostile, html);
        Assert.Contains("12.5 EUR", html);
        Assert.Contains("timeout-detail", html);
        Assert.Contains("usage.events", html);
        Assert.Contains("4711", html);
    }

    [Fact]
    public async Task A_missing_document_is_a_404_and_so_is_a_NUL()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync("/documents/missing")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync("/documents?state=%00")).StatusCode);
    }

    [Fact]
    public async Task While_the_ledger_cannot_be_read_the_page_says_so()
    {
        _data.Broken = true;

        var answer = await _client.GetAsync("/");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.DoesNotContain("secret", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/documents")]
    [InlineData("/worklist")]
    public async Task The_pages_only_read(string page)
    {
        foreach (var method in new[] { HttpMethod.Post, HttpMethod.Put, HttpMethod.Delete })
        {
            Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _client.SendAsync(new(method, page))).StatusCode);
        }
    }

    [Fact]
    public async Task Health_lists_each_check_with_its_data_and_503_when_not_ready()
    {
        var ready = JsonDocument.Parse(await _client.GetStringAsync("/health/ready")).RootElement;
        Assert.Equal("healthy", ready.GetProperty("status").GetString());
        Assert.Equal("0.5", ready.GetProperty("checks").GetProperty("work").GetProperty("data").GetProperty("restored").GetString());

        _ready = HealthCheckResult.Unhealthy("restoring", new InvalidOperationException("Password=secret"));
        var answer = await _client.GetAsync("/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.DoesNotContain("secret", await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync("/health/live")).StatusCode);
    }

    [Fact]
    public async Task Metrics_have_Prometheus_content_type()
    {
        var answer = await _client.GetAsync("/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        Assert.Contains("streams_build_info{", await answer.Content.ReadAsStringAsync());
    }

    /// <summary>A ledger in which every text is an attack.</summary>
    sealed class HostileData : IConsoleData
    {
        static readonly ExactDecimal Amount = ExactDecimal.Parse("12.5");
        static readonly DateTime Time = new(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc);

        static readonly DocumentSummary Summary = new(Hostile, Hostile, Hostile, Hostile, Hostile, Hostile, 1, new Money(Amount, "EUR"), Hostile, 2);

        public bool Broken { get; set; }

        public Task<LedgerOverview> OverviewAsync(CancellationToken cancel) => Broken
            ? throw new NpgsqlException("Password=secret")
            : Task.FromResult(new LedgerOverview([new(Hostile, Hostile, 1, Amount)], [new(Hostile, 1, Amount, Amount, default, default)], new(1, 1, 0, 0, 0), [(Hostile, Hostile, 3)]));

        public Task<IReadOnlyList<DocumentSummary>> DocumentsAsync(string? state, string? after, int most, CancellationToken cancel) =>
            Task.FromResult<IReadOnlyList<DocumentSummary>>([.. Enumerable.Repeat(Summary, most)]);

        public Task<DocumentDetail?> DocumentAsync(string key, CancellationToken cancel) => Task.FromResult(key == "missing" ? null : new DocumentDetail(
            Summary, Hostile, Hostile, Hostile, Hostile, 0, 1, [new(1, Hostile, Hostile, Amount, Amount, Amount, 1, 1)],
            [new(1, Hostile, Hostile, Hostile, Time, null, Hostile, 500, Hostile, "timeout-detail")], [new(1, Hostile, Hostile, "usage.events", 3, 4711, 4712, 2)]) { Reverses = Hostile, ReversedBy = Hostile });

        public Task<IReadOnlyList<WorkItem>> WorkListAsync(int most, CancellationToken cancel) => Task.FromResult<IReadOnlyList<WorkItem>>(
            [new(1, Hostile, Hostile, Hostile, Hostile, Amount, Hostile, Hostile, 0, 1, Time, null, null)]);
    }
}
