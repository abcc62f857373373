using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Calculator;

/// <summary>Usage that no contract prices, and why.</summary>
public sealed record UnratedUsage(UsageEntry Entry, string Code);

/// <summary>The documents, by contract and in the order in which they are made; and what is in none of them.</summary>
public sealed record RatedContracts(IReadOnlyList<InvoiceDocument> Documents, IReadOnlyList<UnratedUsage> Unrated);

/// <summary>
/// Rates usage against contracts from their beginning, by the code that bills: opening documents, thresholds, every period that has ended, and corrections of those
/// closed; the period that has not ended ends in a preview. Pure.
/// </summary>
public static class ContractCalculator
{
    /// <summary>Up to so many entries of a period, thresholds are looked for after each; with more, after each day.</summary>
    public const int ThresholdEntries = 500;

    /// <param name="book">Contracts and what they refer to.</param>
    /// <param name="usage">In any order.</param>
    /// <param name="customer">Whose contracts (or whose to pay); null: all. Entries without a customer are this one's, or that of the book's only customer.</param>
    /// <param name="until">What happens from here on is not looked at; null: the end of the period of each contract's last usage, or last change of usage.</param>
    /// <param name="explain">Whether lines get steps.</param>
    /// <param name="thresholdWindow">Microseconds: thresholds are looked for at the end of each such window with usage, as the stream does with its minutes; null: after each entry.</param>
    /// <exception cref="ContractFaultException">Usage of unknown customers or meters, or that a meter refuses.</exception>
    /// <exception cref="PricingException">Usage that has no price.</exception>
    public static RatedContracts Run(ContractBook book, IReadOnlyList<UsageEntry> usage, string? customer = null, Timestamp? until = null, bool explain = false, long? thresholdWindow = null)
    {
        var (byContract, unrated) = Assigned(book, usage, customer, until);
        var documents = new List<InvoiceDocument>();
        foreach (var contract in book.Contracts.Values.OrderBy(c => c.Id, StringComparer.Ordinal))
        {
            var agreement = Agreement.Of(book, contract);
            if (customer is not null && contract.Customer != customer && agreement.Payer != customer) continue;
            var run = new ContractRun(agreement, byContract.GetValueOrDefault(contract.Id, []), until, explain) { ThresholdWindow = thresholdWindow };
            documents.AddRange(run.Documents());
            unrated.AddRange(run.Refused);
        }
        return new(documents, unrated);
    }

    static (Dictionary<string, List<UsageEntry>>, List<UnratedUsage>) Assigned(ContractBook book, IReadOnlyList<UsageEntry> usage, string? customer, Timestamp? until)
    {
        var faults = new List<ContractFault>();
        var byContract = new Dictionary<string, List<UsageEntry>>(StringComparer.Ordinal);
        var unrated = new List<UnratedUsage>();
        var only = customer ?? (book.Customers.Count == 1 ? book.Customers.Keys.Single() : null);
        foreach (var entry in usage)
        {
            var who = entry.Customer ?? only;
            if (who is null) faults.Add(new($"{entry.Path}.customer", "PROPERTY_MISSING", "is missing, and there are several customers"));
            else if (!book.Customers.ContainsKey(who)) faults.Add(new($"{entry.Path}.{(entry.Event is null ? "customer" : "subject")}", "CUSTOMER_UNKNOWN", $"there is no customer '{who}'"));
            if (!book.Meters.ContainsKey(entry.Meter)) faults.Add(new($"{entry.Path}.meter", "METER_UNKNOWN", $"there is no meter '{entry.Meter}'"));
            if (faults.Count > 0 || entry.At >= until) continue;
            var terms = book.Find(who!, entry.Meter, entry.At);
            if (!terms.Found) unrated.Add(new(entry, terms.Code!));
            else if (byContract.TryGetValue(terms.Contract!.Id, out var list)) list.Add(entry);
            else byContract.Add(terms.Contract.Id, [entry]);
        }
        return faults.Count == 0 ? (byContract, unrated) : throw new ContractFaultException(faults);
    }
}
