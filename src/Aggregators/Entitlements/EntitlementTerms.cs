using Streams.Rating.Contracts;
using Streams.Rating.Entitlements;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Aggregators.Entitlements;

/// <summary>A metered feature of a customer's own contract.</summary>
readonly record struct OwnFeature(Contract Contract, MeteredEntitlement Terms)
{
    public MeteredFeature Metered => new(Terms, Contract.Calendar);
}

/// <summary>Which metered features a customer's contracts have.</summary>
static class EntitlementTerms
{
    /// <summary>The features that count a meter at a time. Of several contracts in force with a feature, the one with the lowest id has it.</summary>
    public static IEnumerable<OwnFeature> On(ContractBook book, string customer, string meter, Timestamp at)
    {
        var contracts = book.ContractsOf(customer);
        foreach (var contract in contracts)
        {
            foreach (var entitlement in contract.At(at)?.Entitlements ?? [])
            {
                if (entitlement is MeteredEntitlement metered && metered.Meter == meter && ReferenceEquals(Of(contracts, metered.Feature, at).Terms, metered)) yield return new(contract, metered);
            }
        }
    }

    /// <summary>A customer's feature at a time; without terms where it has none.</summary>
    public static OwnFeature Find(ContractBook book, FeatureKey key, Timestamp at) => Of(book.ContractsOf(key.Customer), key.Feature, at);

    /// <summary>Whether any feature counts a meter in a part of a window.</summary>
    public static bool CountIn(ContractBook book, string customer, string meter, TimeWindow window) =>
        book.ContractsOf(customer).SelectMany(c => c.Versions).Any(v => v.From < window.End && (v.To is not { } to || to > window.Start) && Counts(v, meter));

    public static bool Counts(ContractVersion version, string meter) => version.Entitlements.Any(e => e is MeteredEntitlement metered && metered.Meter == meter);

    static OwnFeature Of(IReadOnlyList<Contract> contracts, string feature, Timestamp at)
    {
        foreach (var contract in contracts)
        {
            if (EntitlementCheck.Find(contract, feature, at) is { } found) return new(contract, (found as MeteredEntitlement)!);
        }
        return default;
    }
}
