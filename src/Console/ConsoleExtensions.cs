using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Streams.ConsolePages;

/// <summary>
/// The operators' pages: server-rendered, read-only, without scripts. They ask nobody who he is: serve them on loopback, or behind something that does.
/// </summary>
public static class ConsoleExtensions
{
    const string Styles = """
        body { font: 14px/1.4 system-ui, sans-serif; margin: 0; color: #1b1f24; background: #fff; }
        nav { background: #1b1f24; padding: 10px 20px; } nav a { color: #fff; margin-right: 16px; text-decoration: none; }
        main { padding: 8px 20px; overflow-x: auto; } h1 { font-size: 20px; } h2 { font-size: 16px; margin-top: 24px; }
        table { border-collapse: collapse; } th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid #d8dee4; vertical-align: top; overflow-wrap: anywhere; }
        .n { text-align: right; font-variant-numeric: tabular-nums; } .good { color: #1a7f37; } .bad { color: #cf222e; font-weight: bold; }
        """;

    /// <param name="services">Where to add them.</param>
    /// <param name="postgres">Npgsql connection string of the posting ledger.</param>
    public static IServiceCollection AddConsole(this IServiceCollection services, string postgres) =>
        services.AddSingleton<IConsoleData>(_ => new LedgerConsoleData(postgres));

    /// <summary><c>GET /</c>, <c>/documents</c>, <c>/documents/{key}</c>, <c>/worklist</c> and their style sheet. Needs <see cref="AddConsole"/> or another <see cref="IConsoleData"/>.</summary>
    public static IEndpointConventionBuilder MapConsole(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("").AddEndpointFilter(GuardAsync);
        pages.MapGet("/", async (IConsoleData data, CancellationToken cancel) => Page(Pages.Overview(await data.OverviewAsync(cancel))));
        pages.MapGet("/documents", async (string? state, string? after, IConsoleData data, CancellationToken cancel) =>
            HasNul(state) || HasNul(after) ? Page(Pages.Message("Not found", "There is no such state or document."), 404)
            : Page(Pages.Documents(await data.DocumentsAsync(state, after, Pages.PageSize, cancel), state)));
        pages.MapGet("/documents/{key}", async (string key, IConsoleData data, CancellationToken cancel) =>
            !HasNul(key) && await data.DocumentAsync(key, cancel) is { } document ? Page(Pages.Document(document)) : Page(Pages.Message("Not found", $"There is no document {key}."), 404));
        pages.MapGet("/worklist", async (IConsoleData data, CancellationToken cancel) => Page(Pages.WorkList(await data.WorkListAsync(Pages.WorkListSize, cancel))));
        pages.MapGet("/console.css", () => Results.Text(Styles, "text/css"));
        return pages;
    }

    static IResult Page(Html page, int status = 200) => Results.Content(page.ToString(), "text/html; charset=utf-8", statusCode: status);

    // PostgreSQL's text cannot hold it.
    static bool HasNul(string? text) => text is not null && text.Contains('\0');

    /// <summary>Headers that keep a browser from running anything, and a plain page while the ledger cannot be read.</summary>
    static async ValueTask<object?> GuardAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var headers = context.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        try
        {
            return await next(context);
        }
        catch (NpgsqlException e)
        {
            Log.LedgerUnreadable(context.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("Streams.Console"), e);
            return Page(Pages.Message("The ledger cannot be read", "PostgreSQL does not answer, or the ERP sink has not run yet. The log says more."), 503);
        }
    }
}
