using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Streams.Cli.Observability;

/// <summary>What every role shows of itself: metrics, health, logs.</summary>
public static class ObservabilityExtensions
{
    /// <summary>Starts listening to the meters at once, so that nothing measured during start-up is missed, and adds health checks.</summary>
    public static IServiceCollection AddObservability(this IServiceCollection services)
    {
        var exposition = new PrometheusExposition();
        services.AddSingleton(_ => exposition);
        services.AddHealthChecks();
        return services;
    }

    /// <summary>Adds the background service that measures consumer groups' lag.</summary>
    public static IServiceCollection AddGroupLag(this IServiceCollection services, GroupLagOptions options) =>
        services.AddHostedService(s => new GroupLagCollector(options, s.GetService<TimeProvider>() ?? TimeProvider.System, s.GetRequiredService<ILogger<GroupLagCollector>>()));

    /// <summary><c>GET /metrics</c> in Prometheus' text format. Needs <see cref="AddObservability"/>.</summary>
    public static IEndpointConventionBuilder MapMetrics(this IEndpointRouteBuilder app) =>
        app.MapGet("/metrics", (PrometheusExposition exposition) => Results.Text(exposition.Render(), PrometheusExposition.ContentType));

    /// <summary>
    /// <c>GET /health/live</c> (checks tagged "live": the process itself) and <c>GET /health/ready</c> (tagged "ready": it can do its work):
    /// 200 when healthy or degraded, 503 when not, each check listed with its data.
    /// </summary>
    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health/live", Options("live"));
        app.MapHealthChecks("/health/ready", Options("ready"));
    }

    /// <summary>One JSON object a line on stderr, with event id, level, category and UTC time; stdout is left to data.</summary>
    public static ILoggingBuilder AddStructuredLogging(this ILoggingBuilder logging, LogLevel minimum = LogLevel.Information)
    {
        logging.ClearProviders().SetMinimumLevel(minimum);
        logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        logging.AddJsonConsole(json =>
        {
            json.UseUtcTimestamp = true;
            json.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            json.IncludeScopes = false;
        });
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        return logging;
    }

    static HealthCheckOptions Options(string tag) => new() { Predicate = check => check.Tags.Contains(tag), ResponseWriter = WriteAsync };

    static async Task WriteAsync(HttpContext context, HealthReport report)
    {
        context.Response.ContentType = "application/json; charset=utf-8";
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("status", report.Status.ToString().ToLowerInvariant());
        json.WriteStartObject("checks");
        foreach (var (name, entry) in report.Entries.OrderBy(e => e.Key, StringComparer.Ordinal)) WriteEntry(json, name, entry);
        json.WriteEndObject();
        json.WriteEndObject();
        await json.FlushAsync(context.RequestAborted);
    }

    static void WriteEntry(Utf8JsonWriter json, string name, HealthReportEntry entry)
    {
        json.WriteStartObject(name);
        json.WriteString("status", entry.Status.ToString().ToLowerInvariant());
        // An exception's text may hold a connection string: the log has it, the page does not.
        if (entry.Exception is null && entry.Description is not null) json.WriteString("description", entry.Description);
        json.WriteStartObject("data");
        foreach (var (key, value) in entry.Data.OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture));
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
