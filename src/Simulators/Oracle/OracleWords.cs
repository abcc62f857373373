using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;

namespace Streams.Simulators;

/// <summary>Oracle's bodies.</summary>
static class OracleWords
{
    public const string Item = "application/vnd.oracle.adf.resourceitem+json", Collection = "application/vnd.oracle.adf.resourcecollection+json";
    const string Error = "application/vnd.oracle.adf.error+json";

    public static Answer Refuse(OracleSetup account, string detail, string? path) =>
        account.TerseErrors ? Answer.Of(400, detail, "text/plain;charset=utf-8") : Of(400, detail, path);

    public static Answer Of(int status, string detail, string? path = null, string code = "27024")
    {
        var details = new JsonObject { ["detail"] = detail, ["o:errorCode"] = code };
        if (path is not null) details["o:errorPath"] = $"/{path}";
        return Answer.Of(status, new JsonObject { ["title"] = ReasonPhrases.GetReasonPhrase(status), ["status"] = status.ToString(System.Globalization.CultureInfo.InvariantCulture), ["o:errorDetails"] = new JsonArray(details) }, Error);
    }

    public static JsonArray Links(string address) => [new JsonObject { ["rel"] = "self", ["href"] = address, ["name"] = address.Split('/')[^2], ["kind"] = "item" }];
}
