using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Quotas;

namespace Streams.ErpSink.Posting;

/// <summary>An ERP account as the configuration describes it.</summary>
public sealed record ErpAccountOptions
{
    /// <summary>By which routes and the ledger call it.</summary>
    public required string Name { get; init; }

    /// <summary>Makes the connector; its requests go through the handler.</summary>
    public required Func<HttpMessageHandler, TimeProvider, IErpConnector> Connect { get; init; }

    /// <summary>What sends its requests in the end.</summary>
    public Func<HttpMessageHandler> Handler { get; init; } = ErpHttp.Handler;

    /// <summary>Version of the mapping that documents are sent by.</summary>
    public string? MappingVersion { get; init; }

    public AccountQuota Quota { get; init; } = new();

    /// <summary>Null: the sink's.</summary>
    public PostingOptions? Posting { get; init; }
}

/// <summary>One ERP account with all that posts to it.</summary>
public sealed class ErpAccount : IDisposable
{
    readonly HttpMessageHandler _handler;

    public ErpAccount(ErpAccountOptions options, NpgsqlDataSource database, string instance, PostingOptions posting, TimeProvider time)
    {
        Options = options;
        Posting = options.Posting ?? posting;
        Posting.Validate();
        options.Quota.Validate();
        Pauses = new Pauses(Posting);
        Gate = new QuotaGate(database, options.Name, instance, options.Quota, Posting.PermitLease, time);
        Store = new PostingStore(database, options.Name, instance, Posting);
        _handler = new QuotaHandler(Gate, options.Handler());
        Connector = options.Connect(_handler, time);
    }

    public ErpAccountOptions Options { get; }

    public string Name => Options.Name;

    public string? MappingVersion => Options.MappingVersion;

    public PostingOptions Posting { get; }

    public Pauses Pauses { get; }

    public QuotaGate Gate { get; }

    public PostingStore Store { get; }

    public IErpConnector Connector { get; }

    public void Dispose()
    {
        (Connector as IDisposable)?.Dispose();
        _handler.Dispose();
    }
}
