using System.Text;
using Microsoft.AspNetCore.Http;
using Streams.Aggregators.Billing;
using Streams.Aggregators.Metering;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Streaming;

namespace Streams.Aggregators.Queries;

/// <summary>A contract's open period as it would be billed if it ended now.</summary>
/// <param name="Document">Null: there is none.</param>
/// <param name="AsOf">Up to which event time usage is in it.</param>
/// <param name="Refusal">Why there is none.</param>
public sealed record PreviewResult(InvoiceDocument? Document, Timestamp AsOf, Refusal? Refusal);

/// <summary>
/// Previews from live state, by interactive queries: the usage is read between two records, and priced beside the stream. It includes what is not committed yet.
/// </summary>
sealed class RunningPreview(Func<KafkaStream?> stream)
{
    /// <exception cref="InvalidStateStoreException">The partition is not here.</exception>
    public PreviewResult Of(ContractBook book, Contract contract, int partition)
    {
        var agreement = Agreement.Of(book, contract);
        var running = stream() ?? throw new InvalidStateStoreException("the stream has not started");
        var invoicing = running.Store<InvoicingStore>(StoreQueryParameters.FromName(InvoicingStore.Store).WithPartition(partition));
        var metering = running.Store<MeteringStore>(StoreQueryParameters.FromName(MeteringProcessor.Store).WithPartition(partition));
        try
        {
            // Both stores of one task: the second query is within the first, so that no minute closes between them.
            return Priced(agreement, invoicing.Query(partition, periods => metering.Query(partition, minutes => OpenPeriodUsage.Read(periods, minutes, agreement))));
        }
        catch (Exception e) when (e is PricingException or MeterException or OverflowException)
        {
            return new(null, default, new(StatusCodes.Status409Conflict, "NOT_PRICED", $"Contract '{contract.Id}' cannot be priced with its usage: {e.Message}"));
        }
    }

    public static PreviewResult Priced(Agreement agreement, OpenPeriodUsage usage)
    {
        var contract = agreement.Contract.Id;
        if (usage.State is not { } state) return None("NOT_BEGUN", $"The billing of contract '{contract}' has not begun: events of its partition move its time to {agreement.Start}");
        if (state.Ended) return None("CONTRACT_ENDED", $"Contract '{contract}' has ended, and its last document was made: look for it in {Topics.BillingDocuments}");
        var at = new Timestamp(usage.StreamTime);
        return new(new InvoicingEngine(agreement).Preview(state, usage.Usage, at), at, null);
        static PreviewResult None(string code, string detail) => new(null, default, new(StatusCodes.Status404NotFound, code, detail));
    }
}
