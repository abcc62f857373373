using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Streams.Rating.Contracts.Format;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>
/// What is in force for a customer's meter at a time, or <paramref name="Code"/> saying why nothing is. <paramref name="Charges"/>: those on the meter.
/// </summary>
public readonly record struct ContractTerms(string? Code, Customer? Customer, Contract? Contract, ContractVersion? Version, IReadOnlyList<UsageCharge> Charges)
{
    public bool Found => Code is null;
}

/// <summary>
/// Every customer, meter, price book and contract at one moment. Immutable; a change makes a new book that shares what stayed the same.
/// </summary>
public sealed record ContractBook
{
    /// <summary>Reason codes of <see cref="Find(string, string, Timestamp)"/>.</summary>
    public const string CustomerUnknown = "CUSTOMER_UNKNOWN", NoContract = "NO_CONTRACT", PriceBookUnknown = "PRICE_BOOK_UNKNOWN", MeterNotPriced = "METER_NOT_PRICED";

    /// <summary>Customers above one another.</summary>
    public const int MaxHierarchy = 8;

    public static readonly ContractBook Empty = new();

    ImmutableDictionary<string, Meter> _meters = Map<Meter>();
    ImmutableDictionary<string, Customer> _customers = Map<Customer>();
    ImmutableDictionary<string, PriceBook> _books = Map<PriceBook>();
    ImmutableDictionary<string, Contract> _contracts = Map<Contract>();
    ImmutableDictionary<string, ImmutableArray<Contract>> _byCustomer = Map<ImmutableArray<Contract>>();

    ContractBook()
    {
    }

    public IReadOnlyDictionary<string, Meter> Meters => _meters;

    public IReadOnlyDictionary<string, Customer> Customers => _customers;

    public IReadOnlyDictionary<string, PriceBook> PriceBooks => _books;

    public IReadOnlyDictionary<string, Contract> Contracts => _contracts;

    /// <summary>The book of some entries, in their order.</summary>
    public static ContractBook Of(IEnumerable<ContractEntry> entries) => entries.Aggregate(Empty, (book, entry) => book.With(entry));

    /// <summary>The book with one definition added or replaced.</summary>
    /// <exception cref="ContractFaultException">The entry's body is not a definition of its kind, or is one of another id.</exception>
    public ContractBook With(ContractEntry entry)
    {
        var faults = new FaultCollector();
        using var json = ContractFile.Open(Encoding.UTF8.GetBytes(entry.Body), faults);
        if (json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && !id.ValueEquals(entry.Id))
            faults.Add("$.id", "ID_DIFFERENT", $"the body's id is not the entry's id '{entry.Id}'");
        return entry.Kind switch
        {
            EntryKind.Meter => With(Body(MeterShapes.Meter, json, faults)),
            EntryKind.Customer => With(Body(MeterShapes.Customer, json, faults)),
            EntryKind.PriceBook => With(Body(ChargeShapes.PriceBook, json, faults)),
            EntryKind.Contract => With(Body(ContractShapes.Contract, json, faults)),
            var other => throw new ArgumentOutOfRangeException(nameof(entry), other, "Not a kind of entry"),
        };
    }

    public ContractBook With(Meter meter) => this with { _meters = _meters.SetItem(meter.Id, meter) };

    public ContractBook With(Customer customer) => this with { _customers = _customers.SetItem(customer.Id, customer) };

    public ContractBook With(PriceBook book) => this with { _books = _books.SetItem(book.Id, book) };

    public ContractBook With(Contract contract)
    {
        var others = Unlisted(contract.Id);
        var list = others.GetValueOrDefault(contract.Customer, []).Add(contract).Sort((a, b) => string.CompareOrdinal(a.Id, b.Id));
        return this with { _contracts = _contracts.SetItem(contract.Id, contract), _byCustomer = others.SetItem(contract.Customer, list) };
    }

    /// <summary>The book without one definition; an equal book when it does not hold it.</summary>
    public ContractBook Without(EntryKind kind, string id) => kind switch
    {
        EntryKind.Meter => this with { _meters = _meters.Remove(id) },
        EntryKind.Customer => this with { _customers = _customers.Remove(id) },
        EntryKind.PriceBook => this with { _books = _books.Remove(id) },
        EntryKind.Contract => this with { _contracts = _contracts.Remove(id), _byCustomer = Unlisted(id) },
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>A customer's own contracts, by id.</summary>
    public IReadOnlyList<Contract> ContractsOf(string customer) => _byCustomer.GetValueOrDefault(customer, []);

    /// <summary>Who pays for a customer: itself, or the first above it that pays for itself (or that is not known any further).</summary>
    public Customer PayerOf(Customer customer) => Line(customer).Last();

    /// <summary>The contract that is in force for a customer at a time, whatever it prices. Of several: the one with the lowest id.</summary>
    public ContractTerms Find(string customer, Timestamp at) => Find(customer, null, at);

    /// <summary>
    /// The contract that prices a customer's meter at a time. Of several in force that do: the one with the lowest id (ordinal). A customer whose parent pays and that
    /// has no contract in force is looked up as its parent. A meter without a charge that counts towards a feature is found, without charges.
    /// </summary>
    public ContractTerms Find(string customer, string? meter, Timestamp at)
    {
        if (!_customers.TryGetValue(customer, out var who)) return Missing(CustomerUnknown);
        var code = NoContract;
        ContractTerms? counting = null;
        foreach (var (contract, version) in InForce(who, at))
        {
            if (version.PriceBook is { } book && !_books.ContainsKey(book)) code = PriceBookUnknown;
            else if (meter is null) return new(null, who, contract, version, []);
            else if (ChargesOn(meter, version, at) is { Count: > 0 } charges) return new(null, who, contract, version, charges);
            else if (Counts(version, meter)) counting ??= new(null, who, contract, version, []);
            else code = MeterNotPriced;
        }
        return counting ?? Missing(code);
    }

    /// <summary>The versions of contracts in force that hold for a customer at a time: its own by id, or those of the first above it that pays and has any.</summary>
    public IReadOnlyList<(Contract Contract, ContractVersion Version)> InForce(string customer, Timestamp at) => _customers.TryGetValue(customer, out var who) ? InForce(who, at) : [];

    /// <summary>
    /// The earliest time after <paramref name="at"/> at which a version of a contract or of a price book begins or ends that could be a customer's: until then, what is in
    /// force stays so.
    /// </summary>
    public Timestamp NextChange(string customer, Timestamp at)
    {
        var next = new Timestamp(long.MaxValue);
        if (!_customers.TryGetValue(customer, out var who)) return next;
        foreach (var time in Line(who).SelectMany(c => ContractsOf(c.Id)).SelectMany(c => c.Versions).SelectMany(Changes))
        {
            if (time > at && time < next) next = time;
        }
        return next;
    }

    /// <summary>The parts of a period of a contract in which neither its version nor its price book's changes.</summary>
    public IReadOnlyList<ContractSegment> Segments(Contract contract, TimeWindow period) => ContractSegment.Cut(contract, _books, period);

    IEnumerable<Timestamp> Changes(ContractVersion version)
    {
        yield return version.From;
        if (version.To is { } to) yield return to;
        if (version.PriceBook is not { } id || version.PriceBookVersion is not null || !_books.TryGetValue(id, out var book)) yield break;
        foreach (var prices in book.Versions) yield return prices.From;
    }

    /// <summary>A customer and those above it, as far as each pays for the one before. A line that runs in a circle is cut.</summary>
    IEnumerable<Customer> Line(Customer customer)
    {
        for (var i = 0; i <= MaxHierarchy; i++)
        {
            yield return customer;
            if (customer.Pays == Payer.Self || customer.Parent is not { } parent || !_customers.TryGetValue(parent, out var above)) yield break;
            customer = above;
        }
    }

    /// <summary>The versions in force of the first in a customer's line that has any.</summary>
    IReadOnlyList<(Contract Contract, ContractVersion Version)> InForce(Customer customer, Timestamp at)
    {
        foreach (var one in Line(customer))
        {
            var found = ContractsOf(one.Id).Select(c => (Contract: c, Version: c.At(at))).Where(f => f.Version is not null).Select(f => (f.Contract, f.Version!)).ToList();
            if (found.Count > 0) return found;
        }
        return [];
    }

    List<UsageCharge> ChargesOn(string meter, ContractVersion version, Timestamp at)
    {
        var book = version.PriceBook is { } id ? _books.GetValueOrDefault(id) : null;
        var prices = version.PriceBookVersion is { } pinned ? book?.Numbered(pinned) : book?.At(at);
        return [.. version.ChargesWith(prices).OfType<UsageCharge>().Where(c => c.Meter == meter)];
    }

    static bool Counts(ContractVersion version, string meter) => version.Entitlements.Any(e => e is MeteredEntitlement metered && metered.Meter == meter);

    ImmutableDictionary<string, ImmutableArray<Contract>> Unlisted(string contractId)
    {
        if (!_contracts.TryGetValue(contractId, out var contract)) return _byCustomer;
        var list = _byCustomer[contract.Customer].RemoveAll(c => c.Id == contractId);
        return list.IsEmpty ? _byCustomer.Remove(contract.Customer) : _byCustomer.SetItem(contract.Customer, list);
    }

    static ContractTerms Missing(string code) => new(code, null, null, null, []);

    static T Body<T>(Shape<T> shape, JsonDocument json, FaultCollector faults)
    {
        var value = shape.Read(json.RootElement, "$", faults);
        faults.ThrowIfAny();
        return value;
    }

    static ImmutableDictionary<string, T> Map<T>() => ImmutableDictionary.Create<string, T>(StringComparer.Ordinal);
}
