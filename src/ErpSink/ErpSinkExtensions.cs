using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Publishing;
using Streams.ErpSink.Replay;
using Streams.ErpSink.Status;

namespace Streams.ErpSink;

public static class ErpSinkExtensions
{
    /// <summary>Adds the sink: its background service, <see cref="ErpSinkStatus"/>, <see cref="ReplayPlanner"/> and the health check "erp-sink".</summary>
    /// <exception cref="ArgumentException">A setting makes no sense.</exception>
    public static IServiceCollection AddErpSink(this IServiceCollection services, ErpSinkOptions options)
    {
        options.Posting.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(_ => NpgsqlDataSource.Create(options.Postgres));
        services.AddSingleton<IErpConnector>(s => new NetSuiteConnector(options.NetSuite, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new PostingStore(s.GetRequiredService<NpgsqlDataSource>(), options.NetSuite.Account, options.Instance, options.Posting));
        services.AddSingleton(_ => new Pauses(options.Posting));
        services.AddSingleton(s => new PostingWorker(s.GetRequiredService<PostingStore>(), s.GetRequiredService<IErpConnector>(), options,
            s.GetRequiredService<Pauses>(), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<PostingWorker>>()));
        services.AddSingleton<PostingLoop>();
        services.AddSingleton(s => new IntakeStore(s.GetRequiredService<NpgsqlDataSource>(), options.DeadLettersTopic));
        services.AddSingleton(_ => new DocumentReader(options.Registry));
        services.AddSingleton<DocumentConsumer>();
        if (options.BootstrapServers is not null)
        {
            services.AddSingleton<IRecordPublisher>(_ => new KafkaPublisher(options));
            services.AddSingleton(s => new OutboxPublisher(s.GetRequiredService<NpgsqlDataSource>(), s.GetRequiredService<IRecordPublisher>(), options.Registry, options,
                s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<OutboxPublisher>>()));
            services.AddSingleton<ReplayPlanner>();
        }
        services.AddSingleton<ErpSinkStatus>();
        services.AddHostedService<ErpSinkService>();
        services.AddHealthChecks().AddCheck<ErpSinkHealthCheck>("erp-sink", tags: ["ready"]);
        return services;
    }
}
