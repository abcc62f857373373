using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>
/// One billing period of a contract, counted from 0. <paramref name="Whole"/> is the calendar's period, <paramref name="InForce"/> the part of it in which the
/// contract holds: shorter in the first and last one.
/// </summary>
public readonly record struct BillingPeriod(int Ordinal, Period Whole, TimeWindow InForce);

/// <summary>A charge in the part of a window in which its terms stay the same; <paramref name="Version"/> is the first that it comes from.</summary>
readonly record struct ChargeRun(ChargeDefinition Charge, TimeWindow Window, ContractVersion Version);

/// <summary>
/// A contract with what it refers to, ready for invoicing: price books, meters, and who pays. It stands for the definitions known at one moment and never changes.
/// Not safe for several threads: it remembers charges that were made ready.
/// </summary>
public sealed class Agreement
{
    /// <summary>Windows whose runs are remembered.</summary>
    const int MaxRemembered = 64;

    readonly IReadOnlyDictionary<string, PriceBook> _books;
    readonly IReadOnlyDictionary<string, Meter> _meters;
    readonly Dictionary<(ChargeDefinition, int), Charge> _charges = new(ChargeAndPeriod.Instance);
    readonly Dictionary<TimeWindow, IReadOnlyList<IReadOnlyList<ChargeRun>>> _runs = [];
    readonly Dictionary<ChargeDefinition, string> _texts = new(ReferenceEqualityComparer.Instance);
    readonly int _firstIndex;

    /// <param name="contract">The contract.</param>
    /// <param name="books">Its price books by id.</param>
    /// <param name="meters">Its meters by id.</param>
    /// <param name="payer">Who gets the documents; null: the customer.</param>
    public Agreement(Contract contract, IReadOnlyDictionary<string, PriceBook> books, IReadOnlyDictionary<string, Meter> meters, string? payer = null)
    {
        (Contract, _books, _meters, Payer) = (contract, books, meters, payer ?? contract.Customer);
        _firstIndex = contract.Calendar.Of(contract.Start).Index;
        End = contract.End ?? new(long.MaxValue);
    }

    /// <summary>A contract as a book has it.</summary>
    public static Agreement Of(ContractBook book, Contract contract) =>
        new(contract, book.PriceBooks, book.Meters, book.Customers.TryGetValue(contract.Customer, out var customer) ? book.PayerOf(customer).Id : null);

    public Contract Contract { get; }

    /// <summary>Who gets the documents: the customer, or the one above that pays for it.</summary>
    public string Payer { get; }

    public BillingCalendar Calendar => Contract.Calendar;

    public Timestamp Start => Contract.Start;

    /// <summary>Far away where the contract has no end.</summary>
    public Timestamp End { get; }

    /// <summary>Whether the contract holds in any part of a period.</summary>
    public bool Has(int ordinal) => ordinal >= 0 && Whole(ordinal).Start < End;

    /// <exception cref="ArgumentOutOfRangeException">The contract has no such period.</exception>
    public BillingPeriod Period(int ordinal)
    {
        var whole = Whole(ordinal);
        var inForce = whole.Window.Intersect(new(Start, End));
        if (ordinal < 0 || inForce.IsEmpty) throw new ArgumentOutOfRangeException(nameof(ordinal), ordinal, $"Contract '{Contract.Id}' has no such period");
        return new(ordinal, whole, inForce);
    }

    /// <summary>The number of the period that an instant belongs to; below zero before the contract.</summary>
    public int OrdinalOf(Timestamp at) => Calendar.Of(at).Index - _firstIndex;

    /// <summary>The meters that charges of a period price, by id.</summary>
    public IReadOnlyList<Meter> Meters(int ordinal) =>
        [.. Runs(Period(ordinal).InForce).SelectMany(r => r).Select(r => r.Charge).OfType<UsageCharge>().Select(c => c.Meter).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Select(Meter)];

    /// <summary>How fine the figures of a meter are needed in a period: for the finest of the charges that price it.</summary>
    public UsageItems Grain(int ordinal, string meter)
    {
        var items = Runs(Period(ordinal).InForce).SelectMany(r => r).Select(r => r.Charge).OfType<UsageCharge>().Where(c => c.Meter == meter).Select(c => c.Items).ToList();
        return items.Contains(UsageItems.Events) ? UsageItems.Events : items.Contains(UsageItems.Windows) ? UsageItems.Windows : UsageItems.Groups;
    }

    /// <summary>
    /// The windows of a period for which figures of a meter are needed: it is cut where the terms of the meter's charges change or their trial ends and, of a meter whose
    /// figures add up, where a grant begins or ends; where a price looks at windows, also into those. Where it looks at events, each is a figure of its own.
    /// </summary>
    public IReadOnlyList<TimeWindow> Windows(int ordinal, string meter)
    {
        var period = Period(ordinal).InForce;
        var cuts = new SortedSet<long> { period.Start.Micros, period.End.Micros };
        foreach (var at in Changes(period, meter).Concat(UsageFigures.AddsUp(Meter(meter)) ? GrantChanges(period) : []))
        {
            if (period.Contains(at)) cuts.Add(at.Micros);
        }
        if (Grain(ordinal, meter) == UsageItems.Windows)
        {
            foreach (var window in new WindowSchedule(Calendar, Meter(meter).Definition.Window).Meeting(period)) cuts.Add(Math.Clamp(window.Start.Micros, period.Start.Micros, period.End.Micros));
        }
        var times = cuts.ToList();
        return [.. Enumerable.Range(0, times.Count - 1).Select(i => new TimeWindow(new(times[i]), new(times[i + 1])))];
    }

    IEnumerable<Timestamp> Changes(TimeWindow period, string meter)
    {
        foreach (var run in Runs(period).SelectMany(r => r).Where(r => r.Charge is UsageCharge charge && charge.Meter == meter))
        {
            yield return run.Window.Start;
            yield return run.Window.End;
            if (Paid(run) is { } paid) yield return paid.Window.Start;
        }
    }

    IEnumerable<Timestamp> GrantChanges(TimeWindow period)
    {
        foreach (var grant in Contract.Versions.SelectMany(v => v.Credits.Grants.SelectMany(g => g.Expand(v, Calendar.Zone, period.End))))
        {
            yield return grant.EffectiveAt;
            if (grant.ExpiresAt is { } end) yield return end;
        }
    }

    /// <summary>The calendar's period of a number, whether or not the contract holds in it.</summary>
    internal Period Whole(int ordinal) => Calendar.At(_firstIndex + ordinal);

    /// <summary>The contract's year that a period lies in, counted in whole years of periods from its first.</summary>
    internal int YearOf(int ordinal) => ordinal * Calendar.Months / 12;

    /// <summary>The version in force at a time; the first before the contract, the last behind it.</summary>
    internal ContractVersion VersionAt(Timestamp at) => Contract.Versions.LastOrDefault(v => v.From <= at) ?? Contract.Versions[0];

    /// <exception cref="PricingException">It is not defined.</exception>
    internal Meter Meter(string id) => _meters.GetValueOrDefault(id) ?? throw new PricingException("meter", $"'{id}' is unknown");

    /// <summary>The runs of each charge within a window: the parts of it in which the charge's terms stay the same, by charge in the order in which they come first.</summary>
    internal IReadOnlyList<IReadOnlyList<ChargeRun>> Runs(TimeWindow window)
    {
        if (_runs.TryGetValue(window, out var known)) return known;
        if (_runs.Count == MaxRemembered) _runs.Clear();
        return _runs[window] = Cut(window);
    }

    List<List<ChargeRun>> Cut(TimeWindow window)
    {
        var runs = new List<List<ChargeRun>>();
        Dictionary<string, int>? byId = null;
        foreach (var segment in ContractSegment.Cut(Contract, _books, window))
        {
            if (runs.Count > 0) byId ??= runs.Select((r, i) => (r[0].Charge.Id, i)).ToDictionary(r => r.Id, r => r.i, StringComparer.Ordinal);
            foreach (var charge in segment.Charges)
            {
                var run = new ChargeRun(charge, segment.Window, segment.Version);
                if (byId is null || !byId.TryGetValue(charge.Id, out var at))
                {
                    byId?.Add(charge.Id, runs.Count);
                    runs.Add([run]);
                }
                else if (runs[at][^1] is var last && last.Window.End == run.Window.Start && GoesOn(last, run)) runs[at][^1] = last with { Window = new(last.Window.Start, run.Window.End) };
                else runs[at].Add(run);
            }
        }
        return runs;
    }

    /// <summary>A run without the trial, in which its charge is free: that ends with its last day, by the dates of the contract's zone. Null where nothing is left.</summary>
    internal ChargeRun? Paid(ChargeRun run)
    {
        if (run.Charge.TrialDays == 0) return run;
        var end = Calendar.Zone.StartOf(Calendar.Zone.DateOf(Start).AddDays(run.Charge.TrialDays));
        if (run.Window.Start >= end) return run;
        return run.Window.End > end ? run with { Window = new(end, run.Window.End) } : null;
    }

    /// <summary>When a charge of this id first came into force.</summary>
    internal Timestamp FirstInForce(string charge) =>
        ContractSegment.Cut(Contract, _books, new(Start, End)).First(s => s.Charges.Any(c => c.Id == charge)).Window.Start;

    /// <summary>A charge made ready for a period.</summary>
    internal Charge Rating(ChargeDefinition charge, int period)
    {
        // Only what gives units for some periods differs from period to period.
        var key = charge.Discounts.Any(d => d.Kind == ChargeDiscountKind.Usage) ? period : -1;
        if (_charges.TryGetValue((charge, key), out var known)) return known;
        var made = charge switch
        {
            UsageCharge usage => usage.InPeriod(period, Contract.Currency),
            RecurringCharge recurring => Fixed(charge, recurring.Price),
            OneOffCharge once => Fixed(charge, new PerUnit(once.Amount)),
            _ => throw new ArgumentOutOfRangeException(nameof(charge), charge, "Not a kind of charge"),
        };
        _charges.Add((charge, key), made);
        return made;
    }

    Charge Fixed(ChargeDefinition charge, PriceModel price) =>
        new(charge.Id, price, new() { Discounts = [.. charge.Discounts.Select(d => d.Priced).OfType<Discount>()], Rounding = charge.Rounding.For(Contract.Currency) });

    /// <summary>Whether a run is of the same terms as the one before it; usage under a change that cuts by time is cut all the same.</summary>
    bool GoesOn(ChargeRun last, ChargeRun run)
    {
        var cuts = run.Version.Amendment == AmendmentProration.Time && !ReferenceEquals(run.Version, last.Version) && run.Charge is UsageCharge { Accumulate: Accumulation.Period };
        return !cuts && SameTerms(last.Charge, run.Charge);
    }

    bool SameTerms(ChargeDefinition a, ChargeDefinition b) => ReferenceEquals(a, b) || Text(a) == Text(b);

    string Text(ChargeDefinition charge) => _texts.TryGetValue(charge, out var text) ? text : _texts[charge] = CanonicalJson.Write(charge);

    /// <summary>Definitions are told apart by what they are, not by what they say, which would be slow.</summary>
    sealed class ChargeAndPeriod : IEqualityComparer<(ChargeDefinition Charge, int Period)>
    {
        public static readonly ChargeAndPeriod Instance = new();

        public bool Equals((ChargeDefinition Charge, int Period) a, (ChargeDefinition Charge, int Period) b) => ReferenceEquals(a.Charge, b.Charge) && a.Period == b.Period;

        public int GetHashCode((ChargeDefinition Charge, int Period) key) => HashCode.Combine(System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(key.Charge), key.Period);
    }
}
