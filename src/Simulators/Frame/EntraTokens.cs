using System.Text.Json.Nodes;

namespace Streams.Simulators;

/// <summary>The Microsoft Entra token endpoint that a host carries with it: client credentials for one application.</summary>
static class EntraTokens
{
    /// <summary>The answer, or null when the call is not for a token.</summary>
    public static Answer? Answer(Call call, SimulatorOptions options, BearerTokens tokens, Func<string?, bool> scope)
    {
        if (call.Method != "POST" || !call.Path.EndsWith("/oauth2/v2.0/token", StringComparison.Ordinal)) return null;
        var form = call.Form();
        if (form.GetValueOrDefault("grant_type") != "client_credentials") return Refuse(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.");
        if (form.GetValueOrDefault("client_id") != options.ClientId) return Refuse(400, "unauthorized_client", 700016, "Application was not found in the directory.");
        if (form.GetValueOrDefault("client_secret") != options.ClientSecret) return Refuse(401, "invalid_client", 7000215, "Invalid client secret provided.");
        if (!scope(form.GetValueOrDefault("scope"))) return Refuse(400, "invalid_scope", 70011, "The provided value for the input parameter 'scope' is not valid.");
        return Simulators.Answer.Of(200, new JsonObject { ["token_type"] = "Bearer", ["expires_in"] = tokens.Seconds, ["ext_expires_in"] = tokens.Seconds, ["access_token"] = tokens.Issue() });
    }

    static Answer Refuse(int status, string error, int code, string text) =>
        Simulators.Answer.Of(status, new JsonObject { ["error"] = error, ["error_description"] = $"AADSTS{code}: {text}", ["error_codes"] = new JsonArray(code) });
}
