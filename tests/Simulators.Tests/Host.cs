using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Streams.Simulators.Tests;

/// <summary>A clock that tests move.</summary>
sealed class TestClock : TimeProvider
{
    DateTimeOffset _now = new(2026, 8, 1, 0, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan step) => _now += step;
}

/// <summary>An answer as plain HTTP gives it.</summary>
sealed record Reply(int Status, string Body, HttpResponseHeaders Headers, string? ContentType)
{
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    public string? Location => Headers.Location?.ToString();
}

/// <summary>A simulated ERP in a folder of its own, and a client that knows nothing but HTTP.</summary>
sealed class Host : IAsyncDisposable
{
    public const string Key = "DJ6VKWABMY4Z6QQ1", OtherKey = "DJ6VKWABMY4Z6QQ2", ThirdKey = "DJ6VKWABMY4Z6QQ3";

    readonly string _folder = Directory.CreateTempSubdirectory("streams-simulators-").FullName;
    readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, MaxConnectionsPerServer = 500 }) { Timeout = TimeSpan.FromSeconds(20) };

    public SimulatedErp Erp { get; set; } = null!;

    public string? Authorization { get; set; }

    public SimulatorOptions Options => new() { JournalFile = Path.Combine(_folder, "journal.jsonl"), Latency = TimeSpan.Zero };

    public static Host New() => new();

    public async Task<Reply> SendAsync(string method, string path, string? body = null, string contentType = "application/json", params (string, string)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Erp.Address, path));
        if (Authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", Authorization);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        }
        using var response = await _http.SendAsync(request);
        return new Reply((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers, response.Content.Headers.ContentType?.ToString());
    }

    public Task<Reply> PostAsync(string path, string body, params (string, string)[] headers) => SendAsync("POST", path, body, headers: headers);

    public Task<Reply> GetAsync(string path, params (string, string)[] headers) => SendAsync("GET", path, headers: headers);

    public async Task<int> ArmAsync(string rule)
    {
        var reply = await PostAsync("/simulator/faults", rule);
        Assert.True(reply.Status == 200, reply.Body);
        return reply.Json.GetProperty("id").GetInt32();
    }

    public async Task<JsonElement> StatisticsAsync() => (await GetAsync("/simulator/statistics")).Json;

    /// <summary>Client credentials at a token endpoint.</summary>
    public async Task<Reply> TokenAsync(string path, string secret = "simulated-secret", string scope = "")
    {
        var reply = await SendAsync("POST", path, $"grant_type=client_credentials&client_id=streams-integration&client_secret={secret}&scope={Uri.EscapeDataString(scope)}", "application/x-www-form-urlencoded");
        if (reply.Status == 200) Authorization = $"Bearer {reply.Json.GetProperty("access_token").GetString()}";
        return reply;
    }

    public static string Basic => $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("streams-integration:simulated-secret"))}";

    /// <summary>Every record balances: what an outside checker would ask first.</summary>
    public void AssertBalanced()
    {
        foreach (var record in SimulatorJournal.Read(Options.JournalFile))
        {
            var (debit, credit) = (record.Lines.Sum(l => decimal.Parse(l.Debit)), record.Lines.Sum(l => decimal.Parse(l.Credit)));
            Assert.True(debit == credit, $"{record.Type} {record.Id}: {debit} against {credit}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Erp.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
