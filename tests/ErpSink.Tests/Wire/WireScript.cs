using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace Streams.ErpSink.Tests.Wire;

/// <summary>A request as it went out.</summary>
sealed record SentRequest(string Method, Uri Uri, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public string PathAndQuery => Uri.PathAndQuery;
}

/// <summary>What is answered to one request.</summary>
sealed record Reply(int Status, string Body = "", string Type = "application/json")
{
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The connection breaks in place of an answer.</summary>
    public bool Lost { get; init; }
}

/// <summary>Answers requests in the order of a script, or by a rule, and keeps what was sent. More requests than the script has are a failure.</summary>
sealed class WireScript : HttpMessageHandler
{
    readonly Func<SentRequest, int, Reply> _answer;

    public WireScript(params Reply[] replies) => _answer = (request, n) =>
        n < replies.Length ? replies[n] : throw new InvalidOperationException($"request {n + 1} is not in the script: {request.Method} {request.Uri}");

    public WireScript(Func<SentRequest, int, Reply> answer) => _answer = answer;

    public List<SentRequest> Sent { get; } = [];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var headers = request.Headers.Concat(request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>())
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        var sent = new SentRequest(request.Method.Method, request.RequestUri!, headers, request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancel));
        var reply = _answer(sent, Sent.Count);
        Sent.Add(sent);
        if (reply.Lost) throw new HttpRequestException(HttpRequestError.ResponseEnded, "the connection was reset");
        var response = new HttpResponseMessage((HttpStatusCode)reply.Status)
        {
            Content = new ByteArrayContent(Encoding.UTF8.GetBytes(reply.Body)) { Headers = { ContentType = MediaTypeHeaderValue.Parse(reply.Type) } },
        };
        foreach (var (name, value) in reply.Headers) response.Headers.TryAddWithoutValidation(name, value);
        return response;
    }
}
