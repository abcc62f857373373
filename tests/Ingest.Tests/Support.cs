using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Streams.Ingest.Contracts;
using Streams.Ingest.Events;
using Streams.Ingest.Http;
using Streams.Ingest.Publishing;
using Streams.Schemas;
using Streams.Rating.Contracts;
using Streams.Schemas.Registry;

namespace Streams.Ingest.Tests;

sealed class FixedClock(DateTimeOffset now) : TimeProvider
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => now;

    public override long GetTimestamp() => 0;
}

sealed class AnyContracts(params string[] meters) : IContractCatalogue
{
    public bool IsReady { get; set; } = true;

    public bool HasMeter(string meter) => meters.Contains(meter);

    public bool HasCustomer(string customer) => customer != "nobody";
}

/// <summary>Stands where Kafka would: keeps what is published and answers as told.</summary>
sealed class RecordingPublisher : IUsageEventPublisher, IContractPublisher
{
    public ConcurrentQueue<UsageEvent> Published { get; } = new();

    public List<ContractEntry> Entries { get; } = [];

    public Func<UsageEvent, Task<Delivery>> Answer { get; set; } = _ => Task.FromResult(Delivery.Acknowledged(0, 0));

    public Task<Delivery> PublishAsync(UsageEvent usage)
    {
        Published.Enqueue(usage);
        return Answer(usage);
    }

    public Task PublishAsync(IReadOnlyList<ContractEntry> entries)
    {
        Entries.AddRange(entries);
        return Task.CompletedTask;
    }
}

sealed class MemoryRegistry : ISchemaRegistry
{
    readonly List<string> _schemas = [];

    public Task<int> GetIdAsync(string subject, string schemaJson, CancellationToken cancel = default)
    {
        lock (_schemas)
        {
            if (!_schemas.Contains(schemaJson)) _schemas.Add(schemaJson);
            return Task.FromResult(_schemas.IndexOf(schemaJson) + 1);
        }
    }

    public Task<string?> GetSchemaAsync(int id, CancellationToken cancel = default)
    {
        lock (_schemas) return Task.FromResult(id >= 1 && id <= _schemas.Count ? _schemas[id - 1] : null);
    }
}

/// <summary>The entrance behind a real Kestrel on a free port.</summary>
sealed class Entrance : IAsyncDisposable
{
    public const string Key = "sk_test-usage";
    public const string ContractKey = "sk_test-contracts";

    readonly WebApplication _app;

    Entrance(WebApplication app)
    {
        _app = app;
        // Whoever asks before sending waits for the answer: after the usual second, on a busy machine, a client sends what is refused and is cut off.
        Http = new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(60) }) { BaseAddress = new Uri(app.Urls.Single()) };
        Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    public HttpClient Http { get; }

    public required RecordingPublisher Publisher { get; init; }

    public required AnyContracts Contracts { get; init; }

    public static IngestOptions Options => new()
    {
        Kafka = new() { BootstrapServers = "127.0.0.1:1" },
        Keys =
        [
            new("usage", ApiKey.Hash(Key), "crm", new HashSet<string> { ApiKey.UsageWrite }),
            new("contracts", ApiKey.Hash(ContractKey), "crm", new HashSet<string> { ApiKey.ContractWrite }),
            new("old", ApiKey.Hash("sk_expired"), "crm", new HashSet<string> { ApiKey.UsageWrite }, FixedClock.Noon.AddSeconds(-1)),
            new("slow", ApiKey.Hash("sk_slow"), "crm", new HashSet<string> { ApiKey.UsageWrite }, EventsPerSecond: 2),
        ],
    };

    public static async Task<Entrance> StartAsync(IngestOptions? options = null)
    {
        options ??= Options;
        options.Validate();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var publisher = new RecordingPublisher();
        var contracts = new AnyContracts("api.requests", "flush");
        builder.Services.AddSingleton(options).AddSingleton<TimeProvider>(new FixedClock(FixedClock.Noon)).AddSingleton(new ContractBookSource())
            .AddSingleton<IUsageEventPublisher>(publisher).AddSingleton<IContractPublisher>(publisher).AddSingleton<IContractCatalogue>(contracts)
            .AddEndpoints(options);
        var app = builder.Build();
        app.MapIngest();
        await app.StartAsync();
        return new Entrance(app) { Publisher = publisher, Contracts = contracts };
    }

    public Task<HttpResponseMessage> PostAsync(string body, string type = MediaTypes.Structured) => PostAsync(Encoding.UTF8.GetBytes(body), type);

    public Task<HttpResponseMessage> PostAsync(byte[] body, string type = MediaTypes.Structured, string path = "/v1/events", string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        if (key is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");
        return Http.SendAsync(request);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }
}
