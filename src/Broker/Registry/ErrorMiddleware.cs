using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Streams.Schemas.Registry;

namespace Streams.Broker.Registry;

/// <summary>Every failure leaves as {"error_code", "message"}, those of routing and the server included; and every request is counted.</summary>
sealed class ErrorMiddleware(ILogger log)
{
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
            var response = context.Response;
            if (response.StatusCode >= 400 && !response.HasStarted) await AnswerAsync(context, response.StatusCode, response.StatusCode, $"HTTP {response.StatusCode}");
        }
        catch (RegistryError e)
        {
            if (e.Status >= 500) Log.Failed(log, context.Request.Method, context.Request.Path, e);
            await AnswerAsync(context, e.Status, e.Code, e.Message);
        }
        catch (BadHttpRequestException e)
        {
            await AnswerAsync(context, e.StatusCode, e.StatusCode, e.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Response.StatusCode = 499; // the client has gone; nobody reads this but the metrics
        }
        catch (Exception e)
        {
            Log.Failed(log, context.Request.Method, context.Request.Path, e);
            await AnswerAsync(context, 500, SchemaRegistryErrors.StoreError, "Internal error");
        }
        Telemetry.Requests.Add(1, new KeyValuePair<string, object?>("status", context.Response.StatusCode));
    }

    static Task AnswerAsync(HttpContext context, int status, int code, string message) =>
        context.Response.HasStarted ? Task.CompletedTask : Requests.Answer(new ErrorAnswer(code, message), status).ExecuteAsync(context);
}
