using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Streams.ErpSink.Tests;

/// <summary>A request as it left.</summary>
sealed record SentRequest(string Method, Uri Address, IReadOnlyDictionary<string, string> Headers, string Body, byte[] Bytes)
{
    public JsonNode Json => JsonNode.Parse(Body)!;
}

/// <summary>Answers requests by a script, in order, and keeps them; tokens are handed out by the way. A request too many is an error of the test.</summary>
sealed class ScriptedHandler : HttpMessageHandler
{
    readonly Queue<Func<SentRequest, HttpResponseMessage>> _script = new();

    public List<SentRequest> Requests { get; } = [];

    public List<SentRequest> TokenRequests { get; } = [];

    /// <summary>What the token endpoint answers; null: a new token each time.</summary>
    public Func<HttpResponseMessage>? Tokens { get; set; }

    public int Left => _script.Count;

    public ScriptedHandler Answer(int status, string body, params (string Name, string Value)[] headers) => Answer(_ => Response(status, body, headers));

    public ScriptedHandler Answer(Func<SentRequest, HttpResponseMessage> answer)
    {
        _script.Enqueue(answer);
        return this;
    }

    public ScriptedHandler Fail(Exception exception) => Answer(_ => throw exception);

    public static HttpResponseMessage Response(int status, string body, params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8) };
        foreach (var (name, value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var bytes = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancel);
        var headers = request.Headers.Concat(request.Content?.Headers.AsEnumerable() ?? []).ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        var sent = new SentRequest(request.Method.Method, request.RequestUri!, headers, Encoding.UTF8.GetString(bytes), bytes);
        if (request.RequestUri!.AbsolutePath.EndsWith("/oauth2/v2.0/token", StringComparison.Ordinal))
        {
            TokenRequests.Add(sent);
            return Tokens?.Invoke() ?? Response(200, $$"""{"token_type":"Bearer","expires_in":3599,"access_token":"token-{{TokenRequests.Count}}"}""");
        }
        Requests.Add(sent);
        Assert.True(_script.Count > 0, $"not in the script: {sent.Method} {sent.Address}\n{sent.Body}");
        return _script.Dequeue()(sent);
    }
}
