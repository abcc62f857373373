using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Streams.Schemas.Registry;

/// <summary>
/// One call to a registry: its URLs in order, then again after a pause, until one answers with anything but an overload or server error.
/// Every request of the API may be repeated: registering the same schema again gives the same id.
/// </summary>
sealed class RegistryTransport : IDisposable
{
    const string MediaType = "application/vnd.schemaregistry.v1+json";
    const int MaxAnswer = 16 << 20;

    readonly SchemaRegistryOptions _options;
    readonly TimeProvider _time;
    readonly HttpClient _http;

    public RegistryTransport(SchemaRegistryOptions options, HttpMessageHandler? handler, TimeProvider time)
    {
        if (options.Urls.Count == 0) throw new ArgumentException("A schema registry needs at least one URL", nameof(options));
        _options = options;
        _time = time;
        _http = new(handler ?? new SocketsHttpHandler { ConnectTimeout = options.RequestTimeout, PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each request has its own
            MaxResponseContentBufferSize = MaxAnswer,
        };
    }

    public void Dispose() => _http.Dispose();

    public async Task<T> SendAsync<T>(HttpMethod method, string path, byte[]? body, JsonTypeInfo<T> answer, CancellationToken cancel)
    {
        using var call = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var deadline = new CancellationTokenSource(_options.CallTimeout, _time);
        using var link = deadline.Token.Register(call.Cancel);
        SchemaRegistryException? last = null;
        try
        {
            for (var round = 0; ; round++)
            {
                foreach (var url in _options.Urls)
                {
                    var (content, failure) = await TryAsync(method, url, path, body, call.Token);
                    if (failure is null) return Read(content, answer, url);
                    last = failure;
                }
                if (round == _options.Retries) throw last!;
                await Task.Delay(Pause(round), _time, call.Token);
            }
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw last ?? new(SchemaRegistryErrors.NoAnswer, $"The schema registry did not answer within {_options.CallTimeout.TotalSeconds} s");
        }
    }

    /// <summary>The answer's body, or a failure that is worth another try; a refusal is thrown.</summary>
    async Task<(byte[] Content, SchemaRegistryException? Failure)> TryAsync(HttpMethod method, Uri url, string path, byte[]? body, CancellationToken cancel)
    {
        using var request = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var timeout = new CancellationTokenSource(_options.RequestTimeout, _time);
        using var link = timeout.Token.Register(request.Cancel);
        try
        {
            using var message = Message(method, url, path, body);
            using var response = await _http.SendAsync(message, request.Token);
            var content = await response.Content.ReadAsByteArrayAsync(request.Token);
            if (response.IsSuccessStatusCode) return (content, null);
            var refusal = Refusal(response, content, url);
            return IsTemporary(response.StatusCode) ? (content, refusal) : throw refusal;
        }
        catch (HttpRequestException e)
        {
            return ([], new(SchemaRegistryErrors.NoAnswer, $"The schema registry at {Shown(url)} cannot be reached: {e.Message}", e));
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            return ([], new(SchemaRegistryErrors.NoAnswer, $"The schema registry at {Shown(url)} did not answer within {_options.RequestTimeout.TotalSeconds} s", e));
        }
    }

    HttpRequestMessage Message(HttpMethod method, Uri url, string path, byte[]? body)
    {
        var message = new HttpRequestMessage(method, new Uri(url.GetLeftPart(UriPartial.Path).TrimEnd('/') + path));
        message.Headers.Accept.Add(new(MediaType));
        message.Headers.Accept.Add(new("application/json", 0.9));
        if (_options.BasicAuthUserInfo is { } user)
        {
            message.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user)));
        }
        if (body is null) return message;
        message.Content = new ByteArrayContent(body);
        message.Content.Headers.ContentType = new(MediaType);
        return message;
    }

    static T Read<T>(byte[] content, JsonTypeInfo<T> answer, Uri url)
    {
        try
        {
            return JsonSerializer.Deserialize(content, answer) ?? throw new JsonException("null");
        }
        catch (JsonException e)
        {
            throw new SchemaRegistryException(SchemaRegistryErrors.NoAnswer, $"{Shown(url)} does not answer as a schema registry: {e.Message}", e);
        }
    }

    /// <summary>The registry's own code where it gives one; else the HTTP status, as Confluent's registry does for errors outside its list.</summary>
    static SchemaRegistryException Refusal(HttpResponseMessage response, byte[] content, Uri url)
    {
        var status = (int)response.StatusCode;
        ErrorBody? error = null;
        try
        {
            error = JsonSerializer.Deserialize(content, RegistryJson.Default.ErrorBody);
        }
        catch (JsonException)
        {
            // A proxy's page; the status says enough.
        }
        var code = error?.ErrorCode is > 0 and var given ? given : status;
        if (code == 409) code = SchemaRegistryErrors.IncompatibleSchema; // Apicurio's; nothing else in this API conflicts
        return new(code, $"{error?.Message ?? response.ReasonPhrase ?? "Refused"} (HTTP {status} from {Shown(url)})");
    }

    static bool IsTemporary(HttpStatusCode status) => (int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout;

    TimeSpan Pause(int round)
    {
        var doubled = _options.Backoff * (1L << Math.Min(round, 20));
        return doubled < _options.MaxBackoff ? doubled : _options.MaxBackoff;
    }

    /// <summary>Without a password that someone put into the URL.</summary>
    static string Shown(Uri url) => url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);
}
