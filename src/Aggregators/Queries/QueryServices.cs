using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Streams.Aggregators.Entitlements;

namespace Streams.Aggregators.Queries;

/// <summary>Composes the questions to live state into a host that runs the aggregators.</summary>
public static class QueryServices
{
    /// <summary>Maps GET /v1/entitlements and the running previews.</summary>
    /// <param name="access">Who may ask.</param>
    public static IEndpointRouteBuilder MapStateQueries(this IEndpointRouteBuilder app, ReadAccess access)
    {
        var service = app.ServiceProvider.GetRequiredService<AggregatorsService>();
        var owners = new StreamOwners(() => service.Stream);
        // The peers' addresses may change; connections are kept for a while only.
        var peers = new Peers(owners, service.AdvertisedAddress, new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(1), AllowAutoRedirect = false, UseProxy = false }));
        var clock = app.ServiceProvider.GetService<TimeProvider>() ?? TimeProvider.System;
        app.MapEntitlements(new(() => service.Contracts, service.Entitlements, owners, clock), access, peers);
        var previews = new PreviewEndpoint(() => service.Contracts, new(() => service.Stream), owners, access, peers);
        app.MapGet("/v1/contracts/{contract}/preview", previews.ContractAsync);
        app.MapGet("/v1/customers/{customer}/preview", previews.CustomerAsync);
        return app;
    }

    /// <summary>Maps GET /v1/entitlements over any reader, with owners that nobody has to be asked for.</summary>
    public static IEndpointRouteBuilder MapEntitlements(this IEndpointRouteBuilder app, EntitlementReader reader, ReadAccess access, IStateOwners owners) =>
        app.MapEntitlements(reader, access, new Peers(owners, null, new()));

    internal static IEndpointRouteBuilder MapEntitlements(this IEndpointRouteBuilder app, EntitlementReader reader, ReadAccess access, Peers peers)
    {
        var endpoint = new EntitlementEndpoint(reader, access, peers);
        app.MapGet("/v1/entitlements/{customer}/{feature}", endpoint.OneAsync);
        app.MapGet("/v1/entitlements/{customer}", endpoint.AllAsync);
        return app;
    }
}
