using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Streams.Simulators;

/// <summary>F&amp;O's bodies.</summary>
static class FinanceWords
{
    public const string Json = "application/json; odata.metadata=minimal";

    /// <summary>An error whose meaning is in the Infolog of the inner error.</summary>
    public static Answer Infolog(string entity, string text, int status = 400) => Error(status, "", "An error has occurred.",
        $"Write failed for table row of type '{entity}'. Infolog: Error: {text}; Error: Update has been canceled..");

    public static Answer Error(int status, string code, string message, string? inner = null)
    {
        var error = new JsonObject { ["code"] = code, ["message"] = message };
        if (inner is not null)
            error["innererror"] = new JsonObject { ["message"] = inner, ["type"] = "Microsoft.Dynamics.Platform.Integration.Services.OData.ODataRequestException", ["stacktrace"] = "   at Microsoft.Dynamics.Platform.Integration" };
        return Answer.Of(status, new JsonObject { ["error"] = error }, Json);
    }

    /// <summary>W/"base64('version,record id')".</summary>
    public static string Tag(SimulatedRecord record) => $"W/\"{Convert.ToBase64String(Encoding.ASCII.GetBytes($"'{record.Field("version") ?? "1"},{record.Field("recId")}'"))}\"";

    /// <summary>The day of a date that F&amp;O takes: noon in UTC by convention, or a plain date.</summary>
    public static string Day(string text)
    {
        var day = text.Length >= 10 ? text[..10] : text;
        return DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    public static string ClosedPeriod(FinanceSetup account, string day) =>
        string.Format(CultureInfo.InvariantCulture, account.ClosedPeriodText, DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture).ToString("MM/dd/yyyy", CultureInfo.InvariantCulture));
}
