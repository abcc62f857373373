using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.Schemas;

namespace Streams.ErpSink.People.Http;

/// <summary>The API for people: key, scope, form, and then one transaction, in which the same idempotency key is the same action.</summary>
sealed class PeopleEndpoints(PeopleDatabase database, PeopleKeyRing keys, string documentsTopic, ILogger<PeopleEndpoints> log)
{
    const int MaxBody = 1024 * 1024;
    const int MaxKey = 100;

    static readonly TimeSpan BodyPatience = TimeSpan.FromSeconds(30);

    public async Task HandleAsync(HttpContext http, PeopleRoute route)
    {
        try
        {
            var key = Authorize(http.Request, route);
            var unknown = http.Request.Query.Keys.FirstOrDefault(q => !route.Parameters.Contains(q));
            if (unknown is not null) throw new ProblemException(400, "PARAMETER_UNKNOWN", $"{unknown}: is not a parameter here", unknown);
            var person = new Person(key.Owner, $"api-key:{key.Name}");
            var (status, answer) = route.Method == "GET"
                ? await database.InAsync(async c => Written(await route.Handle(new PeopleCall(http, person, c, default, documentsTopic))), http.RequestAborted)
                : await ChangeAsync(http, route, person);
            await WriteAsync(http, status, answer);
        }
        catch (ProblemException e)
        {
            await RefuseAsync(http, route, e);
        }
        catch (PeopleException e)
        {
            await RefuseAsync(http, route, new ProblemException(StatusOf(e.Code), e.Code, e.Message));
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            Log.LedgerUnavailable(log, e);
            await RefuseAsync(http, route, new ProblemException(503, "LEDGER_AWAY", "The ledger does not answer; sending the request again with its key is safe"));
        }
    }

    PeopleKey Authorize(HttpRequest request, PeopleRoute route)
    {
        var key = keys.Find(request.Headers.Authorization) ?? throw new ProblemException(401, "KEY_INVALID", "The API key is missing, unknown or expired");
        return key.Scopes.Contains(route.Scope) ? key : throw new ProblemException(403, "SCOPE_MISSING", $"The API key lacks the scope {route.Scope}");
    }

    async Task<(int, string)> ChangeAsync(HttpContext http, PeopleRoute route, Person person)
    {
        if (http.Request.ContentType?.Split(';')[0].Trim() is not "application/json") throw new ProblemException(415, "CONTENT_TYPE_UNSUPPORTED", "Send application/json in UTF-8");
        var request = http.Request.Headers["Idempotency-Key"].ToString();
        if (request.Length is 0 or > MaxKey || request.Any(c => c is < '!' or > '~'))
            throw new ProblemException(400, "IDEMPOTENCY_KEY_MISSING", $"Idempotency-Key: needs 1 to {MaxKey} printable characters; the same key is the same action", "Idempotency-Key");
        var body = await ReadAsync(http);
        var hash = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes($"{http.Request.Method} {http.Request.Path}\n"), .. body.Span]));
        return await database.InAsync(async c =>
        {
            var (status, answer) = await PeopleCalls.BeginAsync(c, person, request, hash);
            if (status is { } done) return (done, answer!);
            var made = Written(await route.Handle(new PeopleCall(http, person, c, body, documentsTopic)));
            await PeopleCalls.EndAsync(c, person, request, made.Status, made.Answer);
            return made;
        }, http.RequestAborted);
    }

    static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext http)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        stop.CancelAfter(BodyPatience);
        var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            while (await http.Request.Body.ReadAsync(buffer, stop.Token) is > 0 and var read)
            {
                if (body.Length + read > MaxBody) throw new ProblemException(413, "BODY_TOO_LARGE", $"The body has more than {MaxBody} bytes");
                body.Write(buffer, 0, read);
            }
        }
        catch (BadHttpRequestException e)
        {
            throw new ProblemException(e.StatusCode, "BODY_UNREADABLE", e.Message);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw new ProblemException(408, "BODY_TOO_SLOW", $"The body did not arrive within {BodyPatience.TotalSeconds} s");
        }
        return body.ToArray();
    }

    static (int Status, string Answer) Written((int Status, object Answer) made) => (made.Status, JsonSerializer.Serialize(made.Answer, made.Answer.GetType(), PeopleCall.Json));

    static Task WriteAsync(HttpContext http, int status, string json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = status >= 400 ? "application/problem+json" : "application/json";
        http.Response.Headers.CacheControl = "no-store";
        return http.Response.WriteAsync(json, http.RequestAborted);
    }

    Task RefuseAsync(HttpContext http, PeopleRoute route, ProblemException e)
    {
        Log.PeopleRefused(log, route.Pattern, e.Status, e.Problem.Code);
        if (e.Status == 401) http.Response.Headers.WWWAuthenticate = "Bearer";
        if (e.Status == 503) http.Response.Headers.RetryAfter = "5";
        return WriteAsync(http, e.Status, JsonSerializer.Serialize(e.Problem, PeopleCall.Json));
    }

    static int StatusOf(string code) => code switch
    {
        "NOT_FOUND" => 404,
        "OWN_REQUEST" => 403,
        "FIELD_INVALID" => 400,
        "NOT_POSSIBLE" or "ACTION_UNKNOWN" or "SET_TOO_LARGE" => 422,
        "BUSY" => 503,
        _ => 409,
    };
}

public static class PeopleEndpointExtensions
{
    /// <summary>Maps /v1/work-items, /v1/postings, /v1/approvals, /v1/approval-sets and /v1/audit. Whatever has no key with the scope is refused.</summary>
    public static IEndpointRouteBuilder MapPeople(this IEndpointRouteBuilder app)
    {
        var endpoints = app.ServiceProvider.GetRequiredService<PeopleEndpoints>();
        foreach (var route in PeopleRoutes.All) app.MapMethods(route.Pattern, [route.Method], http => endpoints.HandleAsync(http, route));
        return app;
    }

    internal static IServiceCollection AddPeopleApi(this IServiceCollection services, PeopleOptions options, string documentsTopic = Topics.ErpDocuments)
    {
        foreach (var key in options.Keys) key.Validate();
        if (options.Keys.GroupBy(k => k.Sha256.ToLowerInvariant()).FirstOrDefault(g => g.Count() > 1) is { } twice) throw new ArgumentException($"people.keys '{twice.First().Name}': is configured twice");
        return services.AddSingleton(s => new PeopleDatabase(s.GetRequiredService<NpgsqlDataSource>()))
            .AddSingleton(s => new PeopleKeyRing(options.Keys, s.GetRequiredService<TimeProvider>()))
            .AddSingleton(s => ActivatorUtilities.CreateInstance<PeopleEndpoints>(s, documentsTopic));
    }
}
