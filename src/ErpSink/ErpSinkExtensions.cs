using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People;
using Streams.ErpSink.People.Http;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Publishing;
using Streams.ErpSink.Reconciliation;
using Streams.ErpSink.Replay;
using Streams.ErpSink.Restore;
using Streams.ErpSink.Status;

namespace Streams.ErpSink;

public static class ErpSinkExtensions
{
    /// <summary>Adds the sink: its background service, <see cref="ErpSinkStatus"/>, <see cref="ReplayPlanner"/> and the health check "erp-sink".</summary>
    /// <exception cref="ArgumentException">A setting makes no sense.</exception>
    public static IServiceCollection AddErpSink(this IServiceCollection services, ErpSinkOptions options)
    {
        options.Posting.Validate();
        options.Reconciliation.Validate();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton(_ => LedgerDatabase.Open(options.Postgres));
        var routes = options.EffectiveRoutes;
        foreach (var account in options.Accounts)
        {
            services.AddSingleton(s => new ErpAccount(account, s.GetRequiredService<NpgsqlDataSource>(), options.Instance, options.Posting, s.GetRequiredService<TimeProvider>()));
        }
        services.AddSingleton<IReadOnlyList<PostingLoop>>(s => [.. s.GetServices<ErpAccount>().Select(a => Loop(s, a, options))]);
        services.AddSingleton(s => new IntakeStore(s.GetRequiredService<NpgsqlDataSource>(), routes, options.DeadLettersTopic));
        services.AddSingleton(_ => new DocumentReader(options.Registry));
        services.AddSingleton<DocumentConsumer>();
        if (options.BootstrapServers is not null)
        {
            services.AddSingleton<IRecordPublisher>(_ => new KafkaPublisher(options));
            services.AddSingleton(s => new OutboxPublisher(s.GetRequiredService<NpgsqlDataSource>(), s.GetRequiredService<IRecordPublisher>(), options.Registry, options,
                s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<OutboxPublisher>>()));
            services.AddSingleton<ReplayPlanner>();
            services.AddSingleton<TopicHeads>();
            services.AddSingleton<RestoreGuard>();
            services.AddSingleton<UsageTally>();
        }
        services.AddSingleton<IReadOnlyList<ReadBack>>(s => [.. s.GetServices<ErpAccount>().Select(a => new ReadBack(a, s.GetRequiredService<NpgsqlDataSource>(), options, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<ReadBack>>()))]);
        services.AddSingleton<Reconciler>();
        services.AddSingleton<ErpSinkStatus>();
        services.AddPeopleApi(options.People, options.DocumentsTopic);
        // Stopped after the sink itself: the last head of the audit trail is published when nothing comes behind it.
        services.AddHostedService<PeopleService>();
        services.AddHostedService<ErpSinkService>();
        services.AddHealthChecks().AddCheck<ErpSinkHealthCheck>("erp-sink", tags: ["ready"]);
        return services;
    }

    static PostingLoop Loop(IServiceProvider services, ErpAccount account, ErpSinkOptions options)
    {
        var time = services.GetRequiredService<TimeProvider>();
        return new(account, new PostingWorker(account, options, time, services.GetRequiredService<ILogger<PostingWorker>>()), options, time, services.GetRequiredService<ILogger<PostingLoop>>(),
            services.GetService<RestoreGuard>());
    }
}
