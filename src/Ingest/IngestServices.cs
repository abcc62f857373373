using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Streams.Ingest.Contracts;
using Streams.Ingest.Events;
using Streams.Ingest.Http;
using Streams.Ingest.Publishing;
using Streams.Rating.Contracts;
using Streams.Schemas.Registry;

namespace Streams.Ingest;

/// <summary>Composes the room into a host.</summary>
public static class IngestServices
{
    /// <summary>Adds the HTTP entrance, the follower of the contracts and the health checks (tag "ready"). The host adds an <see cref="ISchemaRegistry"/>.</summary>
    public static IServiceCollection AddIngest(this IServiceCollection services, IngestOptions options)
    {
        options.Validate();
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ContractBookSource>();
        services.AddSingleton(s => new AcknowledgedProducer(options.Kafka, s.GetRequiredService<ILogger<AcknowledgedProducer>>()));
        services.AddSingleton(s => new UsageEventPublisher(s.GetRequiredService<AcknowledgedProducer>(), s.GetRequiredService<ISchemaRegistry>()));
        services.AddSingleton<IUsageEventPublisher>(s => s.GetRequiredService<UsageEventPublisher>());
        services.AddSingleton<IContractPublisher>(s => new ContractPublisher(s.GetRequiredService<AcknowledgedProducer>(), s.GetRequiredService<ISchemaRegistry>()));
        services.AddSingleton(s => new ContractFollower(options.Kafka, s.GetRequiredService<ContractBookSource>(), s.GetRequiredService<ILogger<ContractFollower>>()));
        services.AddHostedService(s => s.GetRequiredService<ContractFollower>());
        services.AddSingleton<IContractCatalogue>(s => new BookCatalogue(s.GetRequiredService<ContractBookSource>(), s.GetRequiredService<ContractFollower>()));
        services.AddHealthChecks()
            .AddCheck<ContractsHealthCheck>("ingest-contracts", tags: ["ready"])
            .AddCheck<ProducerHealthCheck>("ingest-producer", tags: ["ready"]);
        return services.AddEndpoints(options);
    }

    /// <summary>The parts that need neither Kafka nor registry, over whatever publisher and catalogue the container holds.</summary>
    internal static IServiceCollection AddEndpoints(this IServiceCollection services, IngestOptions options) => services
        .AddSingleton(s => new ApiKeyRing(options.Keys, s.GetRequiredService<TimeProvider>()))
        .AddSingleton(s => new UsageEventRules(s.GetRequiredService<IContractCatalogue>(), s.GetRequiredService<TimeProvider>(), options.RequireKnownCustomer))
        .AddSingleton(new RecentEvents(options.RecentEvents))
        .AddSingleton<EventIntake>()
        .AddSingleton<RequestGuard>()
        .AddSingleton<EventsEndpoint>()
        .AddSingleton<ContractsEndpoint>();

    /// <summary>Maps POST /v1/events, and POST and GET /v1/contracts.</summary>
    public static IEndpointRouteBuilder MapIngest(this IEndpointRouteBuilder app)
    {
        var events = app.ServiceProvider.GetRequiredService<EventsEndpoint>();
        var contracts = app.ServiceProvider.GetRequiredService<ContractsEndpoint>();
        app.MapPost("/v1/events", events.HandleAsync);
        app.MapPost("/v1/contracts", contracts.PostAsync);
        app.MapGet("/v1/contracts", contracts.GetAsync);
        return app;
    }
}
