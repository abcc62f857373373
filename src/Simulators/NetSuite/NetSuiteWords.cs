using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Streams.Simulators;

/// <summary>Why NetSuite refuses a record: the text, and the path that it names.</summary>
sealed record NetSuiteRefusal(string Detail, string? Path = null);

/// <summary>NetSuite's bodies.</summary>
static class NetSuiteWords
{
    public const string Singular = "application/vnd.oracle.resource+json; type=singular", Collection = "application/vnd.oracle.resource+json; type=collection";
    const string Error = "application/vnd.oracle.resource+json; type=error";

    public static Answer Of(Trouble trouble, string? detail, NetSuiteSetup account) => trouble switch
    {
        Trouble.Throttled or Trouble.TooManyAtOnce or Trouble.WaitedTooLong => Of(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked."),
        Trouble.RanTooLong => Of(504, "REQUEST_TIMEOUT", "The request was ended because it ran too long."),
        Trouble.Unauthorized => Of(401, "INVALID_LOGIN_ATTEMPT", "Invalid login attempt."),
        Trouble.Unavailable or Trouble.Maintenance => Of(503, "SERVICE_UNAVAILABLE", "The service is temporarily unavailable."),
        Trouble.Changed => Of(400, "RCRD_HAS_BEEN_CHANGED", "Record has been changed"),
        Trouble.BadContent => Of(400, "INVALID_CONTENT", detail ?? "Invalid content."),
        Trouble.NotFound => Of(404, "NONEXISTENT_ID", "The record instance does not exist. Provide a valid record instance ID."),
        Trouble.Validation => Of(400, new NetSuiteRefusal("Error while accessing a resource. You have entered an Invalid Field Value 53384 for the following field: entity.", "entity")),
        Trouble.ClosedPeriod => Of(400, new NetSuiteRefusal(account.ClosedPeriodText, "postingPeriod")),
        Trouble.ErrorInside200 => Of(400, "UNEXPECTED_ERROR", "An unexpected error occurred.") with { Status = 200 },
        _ => Of(500, "UNEXPECTED_ERROR", "An unexpected error occurred."),
    };

    public static Answer Of(int status, NetSuiteRefusal refusal) => Of(status, "USER_ERROR", refusal.Detail, refusal.Path);

    public static Answer Of(int status, string code, string detail, string? path = null, string? title = null)
    {
        var details = new JsonObject { ["detail"] = detail, ["o:errorCode"] = code };
        if (path is not null) details["o:errorPath"] = path;
        return Answer.Of(status, new JsonObject
        {
            ["type"] = "https://www.rfc-editor.org/rfc/rfc9110.html", ["title"] = title ?? ReasonPhrases.GetReasonPhrase(status), ["status"] = status,
            ["o:errorDetails"] = new JsonArray(details),
        }, Error);
    }

    public static JsonObject Link(string address, string relation = "self") => new() { ["links"] = new JsonArray(new JsonObject { ["rel"] = relation, ["href"] = address }) };
}
