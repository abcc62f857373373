using System.Collections;
using System.Reflection;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Editions;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Rating;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>The planted bug of a slice of usage that is not written to the changelog: of each commit the last one that changed.</summary>
internal sealed class LosingSlices(MeteringProcessor inner) : IProcessor
{
    private const BindingFlags Private = BindingFlags.Instance | BindingFlags.NonPublic;

    private InvoicingStore store = null!;

    /// <summary>The topology of <see cref="MeteringTopology"/> with such a processor.</summary>
    public static Topology Build(MeteringOptions options, ITermsSource terms)
    {
        const string Source = "usage", Processor = "processor";
        return new Topology()
            .AddSource(Source, options.InputTopic)
            .AddProcessor(Processor, () => new LosingSlices(new MeteringProcessor(options, terms, null)), Source)
            .AddStateStore(() => new MeteringStore(MeteringProcessor.Store), MeteringProcessor.Store, Processor)
            .AddStateStore(() => new SeenFilter(MeteringProcessor.Seen), MeteringProcessor.Seen, Processor)
            .AddStateStore(() => new InvoicingStore(InvoicingStore.Store), InvoicingStore.Store, Processor)
            .AddStateStore(() => new EntitlementStore(EntitlementStore.Store, null), EntitlementStore.Store, Processor)
            .AddStateStore(() => new EditionStore(EditionStore.Store), EditionStore.Store, Processor)
            .AddSink(EntitlementAlerts.Sink, options.AlertsTopic, Processor)
            .AddSink(EditionLedger.Sink, options.EditionsTopic, Processor)
            .AddSink(MeteringProcessor.Rated, options.RatedTopic, Processor)
            .AddSink(InvoiceEmitter.Billing, options.BillingTopic, Processor)
            .AddSink(InvoiceEmitter.Erp, options.DocumentsTopic!, Processor)
            .AddSink(InvoiceEmitter.Journal, options.JournalTopic, Processor);
    }

    public void Init(IProcessorContext context)
    {
        inner.Init(context);
        store = context.GetStateStore<InvoicingStore>(InvoicingStore.Store);
    }

    public void Process(in Record record) => inner.Process(record);

    public void BeforeCommit()
    {
        inner.BeforeCommit();
        var changed = (IList)typeof(InvoicingStore).GetField("_dirtySlices", Private)!.GetValue(store)!;
        if (changed.Count == 0) return;
        ((UsageSlice)changed[^1]!).Dirty = false;
        changed.RemoveAt(changed.Count - 1);
    }
}
