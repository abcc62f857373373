using Streams.Aggregators.Billing;
using Streams.Aggregators.Editions;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Rating.Contracts;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>Usage events in; rated windows, dispositions and billing documents out: one sub-topology, so that a task is a partition of the usage topic.</summary>
public static class MeteringTopology
{
    const string Source = "usage", Processor = "metering-processor";

    /// <summary>With terms from the contracts topic, which every instance reads whole before its tasks start.</summary>
    /// <param name="view">Where the use of metered features is shown once it is committed.</param>
    /// <param name="refused">Called for each record of the contracts topic that is no definition, with the reason.</param>
    public static Topology Build(MeteringOptions options, ContractBookSource contracts, IWriterSchemas? writerSchemas = null, Action<string>? refused = null, EntitlementView? view = null) =>
        Build(options, new BookTerms(contracts), writerSchemas, view: view).AddGlobalStore("contracts", Topics.Contracts, (key, value, deleted) =>
        {
            if (!contracts.TryApply(key, value, deleted, out var error)) refused?.Invoke(error!);
        });

    /// <summary>With terms from elsewhere.</summary>
    public static Topology Build(MeteringOptions options, ITermsSource terms, IWriterSchemas? writerSchemas = null, MeteringProgress? progress = null, EntitlementView? view = null)
    {
        if (options.PeriodGrace < options.Grace) throw new ArgumentException("The period's grace is shorter than the windows'", nameof(options));
        var topology = new Topology()
            .AddSource(Source, options.InputTopic)
            .AddProcessor(Processor, () => new MeteringProcessor(options, terms, writerSchemas, progress), Source)
            .AddStateStore(() => new MeteringStore(MeteringProcessor.Store), MeteringProcessor.Store, Processor)
            .AddStateStore(() => new SeenFilter(MeteringProcessor.Seen), MeteringProcessor.Seen, Processor)
            .AddSink(MeteringProcessor.Rated, options.RatedTopic, Processor);
        if (options.DispositionsTopic is { } dispositions) topology.AddSink(MeteringProcessor.DispositionsSink, dispositions, Processor);
        if (options.DocumentsTopic is not { } documents) return topology;
        if (terms.Book is not null)
        {
            return topology
                .AddStateStore(() => new InvoicingStore(InvoicingStore.Store), InvoicingStore.Store, Processor)
                .AddStateStore(() => new EntitlementStore(EntitlementStore.Store, view), EntitlementStore.Store, Processor)
                .AddSink(EntitlementAlerts.Sink, options.AlertsTopic, Processor)
                .AddStateStore(() => new EditionStore(EditionStore.Store), EditionStore.Store, Processor)
                .AddSink(EditionLedger.Sink, options.EditionsTopic, Processor)
                .AddSink(MeteringProcessor.RoutedSink, options.InputTopic, Processor)
                .AddSink(InvoiceEmitter.Billing, options.BillingTopic, Processor)
                .AddSink(InvoiceEmitter.Erp, documents, Processor)
                .AddSink(InvoiceEmitter.Journal, options.JournalTopic, Processor);
        }
        return topology
            .AddStateStore(() => new BillingLedger(BillingLedger.Store), BillingLedger.Store, Processor)
            .AddSink(BillingEmitter.Documents, documents, Processor);
    }

    /// <summary>The options with the ids under which the registry holds the topics' schemas; registers them where the registry client may.</summary>
    public static async Task<MeteringOptions> RegisterAsync(MeteringOptions options, ISchemaRegistry registry, CancellationToken cancel)
    {
        var rated = await registry.GetIdAsync(Topics.Subject(options.RatedTopic), RatedUsage.SchemaJson, cancel).ConfigureAwait(false);
        var dispositions = options.DispositionsTopic is { } d ? await registry.GetIdAsync(Topics.Subject(d), Dispositions.SchemaJson, cancel).ConfigureAwait(false) : 0;
        var documents = options.DocumentsTopic is { } e ? await registry.GetIdAsync(Topics.Subject(e), ErpDocument.SchemaJson, cancel).ConfigureAwait(false) : 0;
        var usage = await registry.GetIdAsync(Topics.Subject(options.InputTopic), UsageEvent.SchemaJson, cancel).ConfigureAwait(false);
        return options with { Schemas = new(rated, dispositions, documents), UsageEventSchemaId = usage };
    }
}
