using Streams.Ingest.Events;
using Streams.Rating.Contracts;

namespace Streams.Ingest.Contracts;

/// <summary>Validation's view of the contracts as they stand now; without a follower the book is taken as complete.</summary>
public sealed class BookCatalogue(ContractBookSource source, ContractFollower? follower = null) : IContractCatalogue
{
    public bool IsReady => follower?.IsReady ?? true;

    public bool HasMeter(string meter) => source.Current.Meters.ContainsKey(meter);

    public bool HasCustomer(string customer) => source.Current.Customers.ContainsKey(customer);
}
