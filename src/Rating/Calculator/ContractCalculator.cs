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
/// Rates usage against contracts from their beginning, by the code that bills: opening documents, thresholds, and every period that has ended; the one that has
/// not ends in a preview. Pure.
/// </summary>
public static class ContractCalculator
{
    /// <summary>Up to so many entries of a period, thresholds are looked for after each; with more, after each day.</summary>
    public const int ThresholdEntries = 500;

    /// <param name="book">Contracts and what they refer to.</param>
    /// <param name="usage">In any order.</param>
    /// <param name="customer">Whose contracts (or whose to pay); null: all. Entries without a customer are this one's, or that of the book's only customer.</param>
    /// <param name="until">What happens from here on is not looked at; null: the end of the period of each contract's last usage.</param>
    /// <param name="explain">Whether lines get steps.</param>
    /// <exception cref="ContractFaultException">Usage of unknown customers or meters, or that a meter refuses.</exception>
    /// <exception cref="PricingException">Usage that has no price.</exception>
    public static RatedContracts Run(ContractBook book, IReadOnlyList<UsageEntry> usage, string? customer = null, Timestamp? until = null, bool explain = false)
    {
        var (byContract, unrated) = Assigned(book, usage, customer, until);
        var documents = new List<InvoiceDocument>();
        foreach (var contract in book.Contracts.Values.OrderBy(c => c.Id, StringComparer.Ordinal))
        {
            var agreement = Agreement.Of(book, contract);
            if (customer is not null && contract.Customer != customer && agreement.Payer != customer) continue;
            documents.AddRange(new ContractRun(agreement, byContract.GetValueOrDefault(contract.Id, []), until, explain).Documents());
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

/// <summary>One contract from its beginning.</summary>
sealed class ContractRun
{
    readonly Agreement _agreement;
    readonly InvoicingEngine _engine;
    readonly List<UsageEntry> _entries;
    readonly Dictionary<string, MeterFigures> _meters = new(StringComparer.Ordinal);
    readonly Timestamp _until;

    public ContractRun(Agreement agreement, List<UsageEntry> entries, Timestamp? until, bool explain)
    {
        (_agreement, _engine, _entries) = (agreement, new(agreement, explain), entries);
        _until = until ?? agreement.Period(entries.Count == 0 ? 0 : agreement.OrdinalOf(entries.Max(e => e.At))).Whole.End;
    }

    /// <summary>What becomes of a state between two documents: it may be stored and read again.</summary>
    public Func<InvoicingState, InvoicingState> Kept { get; init; } = state => state;

    public IEnumerable<InvoiceDocument> Documents()
    {
        if (_agreement.Start >= _until) yield break;
        var (opening, state) = _engine.Start();
        if (opening is not null) yield return opening;
        while (!state.Ended && _agreement.Period(state.Next).InForce is var period && period.Start < _until)
        {
            foreach (var at in ThresholdTimes(state.Next))
            {
                var reached = _engine.Threshold(Kept(state), Usage(state.Next, new(at.Micros + 1)), at);
                state = reached.State;
                if (reached.Document is { } threshold) yield return threshold;
            }
            if (period.End > _until)
            {
                yield return _engine.Preview(state, Usage(state.Next, _until), _until);
                yield break;
            }
            (var document, state) = _engine.Close(Kept(state), Usage(state.Next, period.End));
            yield return document!;
        }
    }

    public PeriodUsage Usage(int ordinal, Timestamp until) => new(_agreement.Meters(ordinal).SelectMany(m => Figures(m).Of(ordinal, until)));

    MeterFigures Figures(Meter meter)
    {
        if (!_meters.TryGetValue(meter.Id, out var figures)) _meters.Add(meter.Id, figures = new(_agreement, meter, _entries));
        return figures;
    }

    IEnumerable<Timestamp> ThresholdTimes(int ordinal)
    {
        var period = _agreement.Period(ordinal).InForce;
        if (!_agreement.Contract.Versions.Any(v => v.Threshold is not null && v.From < period.End && (v.To is not { } to || to > period.Start))) return [];
        var times = _entries.Where(e => period.Contains(e.At) && e.At < _until).Select(e => e.At.Micros).Distinct().Order().ToList();
        if (times.Count <= ContractCalculator.ThresholdEntries) return times.Select(t => new Timestamp(t));
        var zone = _agreement.Calendar.Zone;
        return times.Select(t => Math.Min(zone.DayOf(new(t)).End.Micros, period.End.Micros) - 1).Distinct().Select(t => new Timestamp(t));
    }
}
