using System.CommandLine;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Cli.Commands;

namespace Streams.Cli;

/// <summary>Where the erp-sink serves people, and how what it answers is printed.</summary>
sealed record PeopleOptionSet(Option<string> Url, Option<string?> KeyFile, Option<string> Output)
{
    public static PeopleOptionSet Create() => new(
        new("--url") { Description = "Where the erp-sink serves HTTP (default: STREAMS_URL)", DefaultValueFactory = _ => Environment.GetEnvironmentVariable("STREAMS_URL") ?? "http://127.0.0.1:8080" },
        new("--key-file") { Description = "File with your API key (default: the key in STREAMS_KEY)", HelpName = "FILE" },
        SharedOptions.Output("table", "json"));

    public Command On(Command command)
    {
        command.Add(Url);
        command.Add(KeyFile);
        command.Add(Output);
        return command;
    }

    public PeopleClient Open(ParseResult parsed) => new(parsed.GetValue(Url)!, parsed.GetValue(KeyFile));

    /// <summary>The server's own words as JSON, or a table.</summary>
    public int Print(ParseResult parsed, JsonNode answer, Action<JsonNode> table)
    {
        if (parsed.GetValue(Output) == "json") Console.WriteLine(answer.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        else table(answer);
        return answer["items"] is JsonArray { Count: 0 } ? ExitCodes.NothingMatched : ExitCodes.Done;
    }
}

/// <summary>Speaks to the erp-sink's API for people. The key comes from a file or the environment, never from the command line, which others on the machine can read.</summary>
sealed class PeopleClient : IDisposable
{
    readonly HttpClient _http;

    public PeopleClient(string url, string? keyFile)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) throw new CommandException(ExitCodes.WrongUsage, $"--url {url}: is not an HTTP address");
        _http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(310) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key(keyFile));
    }

    public Task<JsonNode> GetAsync(string path, IEnumerable<(string Name, string? Value)> query, CancellationToken cancel)
    {
        var parameters = string.Join('&', query.Where(q => q.Value is not null).Select(q => $"{q.Name}={Uri.EscapeDataString(q.Value!)}"));
        return SendAsync(() => new HttpRequestMessage(HttpMethod.Get, parameters.Length > 0 ? $"{path}?{parameters}" : path), cancel);
    }

    /// <summary>Sent again once when no answer came: the idempotency key makes it the same action.</summary>
    public Task<JsonNode> PostAsync(string path, JsonObject body, CancellationToken cancel)
    {
        var key = Guid.NewGuid().ToString("N");
        return SendAsync(() =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
            request.Headers.Add("Idempotency-Key", key);
            return request;
        }, cancel);
    }

    public void Dispose() => _http.Dispose();

    async Task<JsonNode> SendAsync(Func<HttpRequestMessage> make, CancellationToken cancel)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var request = make();
                using var response = await _http.SendAsync(request, cancel);
                var text = await response.Content.ReadAsStringAsync(cancel);
                return response.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw Refused((int)response.StatusCode, text);
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                if (attempt == 2) throw new CommandException(ExitCodes.Failed, $"{_http.BaseAddress}: {e.Message}");
            }
        }
    }

    static CommandException Refused(int status, string text)
    {
        var (code, detail) = ("", text);
        try
        {
            var problem = JsonNode.Parse(text);
            (code, detail) = ((string?)problem?["code"] ?? "", (string?)problem?["detail"] ?? text);
        }
        catch (JsonException)
        {
            detail = "the answer is not of the erp-sink; is --url right?";
        }
        return new CommandException(status switch { 400 or 401 or 415 => ExitCodes.WrongUsage, 404 => ExitCodes.NothingMatched, 403 or 409 or 422 => ExitCodes.RefusedBySafetyCheck, _ => ExitCodes.Failed }, $"{status} {code}: {detail}");
    }

    static string Key(string? file)
    {
        try
        {
            var key = (file is null ? Environment.GetEnvironmentVariable("STREAMS_KEY") : File.ReadAllText(file))?.Trim();
            return key is { Length: > 0 } ? key : throw new CommandException(ExitCodes.WrongUsage, "Whose key? Give --key-file, or set STREAMS_KEY");
        }
        catch (IOException e)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"--key-file {file}: {e.Message}");
        }
    }
}
