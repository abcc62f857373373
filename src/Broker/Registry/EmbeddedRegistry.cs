using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Streams.Broker.Registry;

/// <summary>
/// A schema registry for Avro on 127.0.0.1 with the REST API of Confluent's, its schemas in a compacted topic of the broker it is given.
/// The default where no other registry is given; one at a time for a topic.
/// </summary>
public sealed class EmbeddedRegistry : IAsyncDisposable
{
    const int MaxBody = 1 << 20;
    const int MaxConnections = 1000;

    readonly WebApplication _app;
    readonly SchemaStore _store;

    EmbeddedRegistry(WebApplication app, SchemaStore store)
    {
        _app = app;
        _store = store;
        Url = app.Urls.Single();
    }

    /// <summary>The base URL, e.g. http://127.0.0.1:8081.</summary>
    public string Url { get; }

    /// <summary>Starts a registry; it has read all its schemas and answers requests when this returns.</summary>
    /// <exception cref="InvalidOperationException">The topic is not fit for a registry (several partitions, not compacted).</exception>
    /// <exception cref="Confluent.Kafka.KafkaException">The broker does not answer.</exception>
    public static async Task<EmbeddedRegistry> StartAsync(EmbeddedRegistryOptions options, CancellationToken cancel = default)
    {
        var log = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger("Streams.Registry");
        var store = new SchemaStore(options, log);
        WebApplication? app = null;
        try
        {
            await Task.Run(() => store.OpenAsync(cancel), cancel);
            app = Build(options.Port);
            app.Use(new ErrorMiddleware(log).InvokeAsync);
            app.MapRegistry(store);
            await app.StartAsync(cancel);
            var registry = new EmbeddedRegistry(app, store);
            Log.Started(log, registry.Url, store.Read(s => s.Subjects.Count()), options.Topic);
            return registry;
        }
        catch
        {
            if (app is not null) await app.DisposeAsync();
            store.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _store.Dispose();
    }

    static WebApplication Build(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, port);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        });
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        return builder.Build();
    }

    /// <summary>Signals belong to the process that runs the registry.</summary>
    sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancel) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancel) => Task.CompletedTask;
    }
}
