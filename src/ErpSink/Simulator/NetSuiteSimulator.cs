using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Streams.Schemas;

namespace Streams.ErpSink.Simulator;

/// <summary>
/// A NetSuite account on 127.0.0.1 for demonstrations and tests: token endpoint, invoice, journalEntry and customer with external ids, look-up,
/// governance limits, and the faults of the real thing. Its journal file tells what was truly committed.
/// </summary>
public sealed class NetSuiteSimulator : IAsyncDisposable
{
    const string TokenPath = "/services/rest/auth/oauth2/v1/token";
    const string RecordPath = "/services/rest/record/v1";
    static readonly string[] RecordTypes = ["invoice", "journalEntry", "customer"];

    readonly SimulatorOptions _options;
    readonly WebApplication _app;
    readonly SimulatorStatistics _statistics = new();
    readonly FaultSchedule _faults;
    readonly TokenDesk _tokens;
    readonly List<Task> _delayed = [];
    readonly Lock _delayedLock = new();

    NetSuiteSimulator(SimulatorOptions options, TimeProvider time)
    {
        _options = options;
        _faults = new FaultSchedule(options);
        _tokens = new TokenDesk(options, time);
        Journal = new SimulatorJournal(options.JournalFile);
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{options.Port}");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = 16 * 1024 * 1024);
        _app = builder.Build();
        Map();
    }

    /// <summary>What was committed.</summary>
    public SimulatorJournal Journal { get; }

    /// <summary>Where it answers.</summary>
    public Uri Address { get; private set; } = null!;

    public SimulatorFigures Figures => _statistics.Figures(Journal.Records.Count);

    /// <summary>Starts it; the answer comes when it can be called.</summary>
    public static async Task<NetSuiteSimulator> StartAsync(SimulatorOptions options, TimeProvider? time = null, CancellationToken cancel = default)
    {
        var simulator = new NetSuiteSimulator(options, time ?? TimeProvider.System);
        await simulator._app.StartAsync(cancel);
        simulator.Address = new Uri(simulator._app.Urls.First());
        return simulator;
    }

    /// <summary>Ends when everything that was put off by <see cref="SimulatorFault.DelayedApply"/> has been applied.</summary>
    public Task DelayedWorkAsync()
    {
        lock (_delayedLock) return Task.WhenAll(_delayed.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await DelayedWorkAsync();
        await _app.DisposeAsync();
        Journal.Dispose();
    }

    void Map()
    {
        _app.MapPost(TokenPath, TokenAsync);
        foreach (var type in RecordTypes)
        {
            _app.MapPost($"{RecordPath}/{type}", context => PostAsync(context, type));
            _app.MapGet($"{RecordPath}/{type}/{{id}}", context => GetAsync(context, type, (string)context.Request.RouteValues["id"]!));
        }
        _app.MapGet("/services/rest/system/v1/governanceLimits", () => Results.Json(new { accountConcurrencyLimit = _options.ConcurrencyLimit, accountUnallocatedConcurrencyLimit = _options.ConcurrencyLimit }));
        _app.MapGet("/simulator/statistics", () => Results.Json(Figures));
        _app.MapGet("/simulator/journal", () => Results.Json(Journal.Records));
    }

    async Task<IResult> TokenAsync(HttpRequest request)
    {
        _statistics.CountToken();
        var form = await request.ReadFormAsync();
        if (form["grant_type"] != "client_credentials") return Results.Json(new { error = "unsupported_grant_type" }, statusCode: 400);
        var (token, refusal) = _tokens.Issue(form["client_assertion"], new Uri(Address, TokenPath).ToString());
        return token is null
            ? Results.Json(new { error = "invalid_client", error_description = refusal }, statusCode: 401)
            : Results.Json(new { access_token = token, expires_in = (int)_options.TokenLifetime.TotalSeconds, token_type = "bearer" });
    }

    async Task PostAsync(HttpContext context, string type)
    {
        var inFlight = _statistics.Enter(post: true);
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            var key = Text(body.RootElement, "externalId") ?? "";
            if (await RefusedAsync(context, inFlight)) return;
            var fault = _faults.Next("POST", type, key);
            if (fault != SimulatorFault.None) _statistics.CountFault();
            await Task.Delay(fault == SimulatorFault.Slow ? _options.SlowDelay : _options.Latency);
            await ApplyAsync(context, type, body.RootElement.Clone(), fault);
        }
        catch (JsonException e)
        {
            await ErrorAsync(context, 400, "INVALID_CONTENT", e.Message);
        }
        finally
        {
            _statistics.Leave();
        }
    }

    async Task ApplyAsync(HttpContext context, string type, JsonElement body, SimulatorFault fault)
    {
        switch (fault)
        {
            case SimulatorFault.TooManyRequests:
                await ThrottleAsync(context);
                return;
            case SimulatorFault.Unauthorized:
                await ErrorAsync(context, 401, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt.");
                return;
            case SimulatorFault.ErrorBeforeCommit:
                await ErrorAsync(context, 500, "UNEXPECTED_ERROR", "An unexpected error occurred.");
                return;
            case SimulatorFault.RecordChanged:
                await ErrorAsync(context, 400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed");
                return;
            case SimulatorFault.DropBeforeCommit:
                context.Abort();
                return;
            case SimulatorFault.DelayedApply:
                lock (_delayedLock) _delayed.Add(CommitLaterAsync(type, body));
                context.Abort();
                return;
            default:
                await CommitAndAnswerAsync(context, type, body, fault);
                return;
        }
    }

    async Task CommitAndAnswerAsync(HttpContext context, string type, JsonElement body, SimulatorFault fault)
    {
        KillPoint.Reached("simulator.before_commit", "simulator");
        var (record, error) = Commit(type, body);
        KillPoint.Reached("simulator.after_commit", "simulator");
        if (fault == SimulatorFault.CommitThenDrop) context.Abort();
        else if (fault == SimulatorFault.CommitThenError) await ErrorAsync(context, 500, "UNEXPECTED_ERROR", "An unexpected error occurred.");
        else if (record is null) await ErrorAsync(context, 400, "USER_ERROR", error!.Value.Detail, error.Value.Path);
        else
        {
            context.Response.StatusCode = 204;
            if (fault != SimulatorFault.CommitThenGarbage) context.Response.Headers.Location = new Uri(Address, $"{RecordPath}/{type}/{record.Id}").ToString();
        }
    }

    async Task CommitLaterAsync(string type, JsonElement body)
    {
        await Task.Delay(_options.ApplyDelay);
        Commit(type, body);
    }

    (SimulatedRecord?, (string Detail, string? Path)?) Commit(string type, JsonElement body)
    {
        var error = SimulatorRules.Check(type, body, _options);
        if (error is not null) return (null, error);
        var record = Journal.TryCommit(id => new SimulatedRecord(id, type, Text(body, "externalId"), Reference(body, "entity"), Reference(body, "currency"),
            SimulatorRules.Total(type, body).ToString(), Text(body, "tranDate"), DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture), body));
        if (record is not null) return (record, null);
        _statistics.CountDuplicate();
        return (null, ("Error while accessing a resource. This entity already exists.", null));
    }

    async Task GetAsync(HttpContext context, string type, string id)
    {
        var inFlight = _statistics.Enter(post: false);
        try
        {
            if (await RefusedAsync(context, inFlight)) return;
            var key = id.StartsWith("eid:", StringComparison.Ordinal) ? id[4..] : "";
            var fault = _faults.Next("GET", type, key);
            if (fault != SimulatorFault.None) _statistics.CountFault();
            await Task.Delay(fault == SimulatorFault.Slow ? _options.SlowDelay : _options.Latency);
            if (fault == SimulatorFault.TooManyRequests) await ThrottleAsync(context);
            else if (fault == SimulatorFault.ErrorBeforeCommit) await ErrorAsync(context, 500, "UNEXPECTED_ERROR", "An unexpected error occurred.");
            else if (fault is SimulatorFault.DropBeforeCommit or SimulatorFault.CommitThenDrop) context.Abort();
            else await AnswerAsync(context, key.Length > 0 ? Journal.Find(type, key) : long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var n) ? Journal.Find(type, n) : null);
        }
        finally
        {
            _statistics.Leave();
        }
    }

    static async Task AnswerAsync(HttpContext context, SimulatedRecord? record)
    {
        if (record is null)
        {
            await ErrorAsync(context, 404, "NONEXISTENT_ID", "The record instance does not exist.");
            return;
        }
        context.Response.ContentType = "application/vnd.oracle.resource+json; type=singular";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("id", record.Id.ToString(CultureInfo.InvariantCulture));
        json.WritePropertyName("total");
        json.WriteRawValue(record.Total);
        foreach (var property in record.Body.EnumerateObject())
        {
            if (property.Name is not ("id" or "total")) property.WriteTo(json);
        }
        json.WriteEndObject();
    }

    async Task<bool> RefusedAsync(HttpContext context, int inFlight)
    {
        if (inFlight > _options.ConcurrencyLimit)
        {
            await ThrottleAsync(context);
            return true;
        }
        if (_tokens.IsValid(context.Request.Headers.Authorization)) return false;
        await ErrorAsync(context, 401, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt.");
        return true;
    }

    Task ThrottleAsync(HttpContext context)
    {
        _statistics.CountThrottled();
        return ErrorAsync(context, 429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.");
    }

    static async Task ErrorAsync(HttpContext context, int status, string code, string detail, string? path = null)
    {
        context.Response.StatusCode = status;
        var details = new Dictionary<string, string> { ["detail"] = detail, ["o:errorCode"] = code };
        if (path is not null) details["o:errorPath"] = path;
        var body = new Dictionary<string, object>
        {
            ["type"] = "https://www.rfc-editor.org/rfc/rfc9110.html", ["title"] = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
            ["status"] = status, ["o:errorDetails"] = new[] { details },
        };
        await context.Response.WriteAsJsonAsync(body, (JsonSerializerOptions?)null, "application/vnd.oracle.resource+json; type=error");
    }

    internal static string? Text(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    internal static string? Reference(JsonElement body, string name) => body.TryGetProperty(name, out var reference) ? Text(reference, "id") : null;
}
