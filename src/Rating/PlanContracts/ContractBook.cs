using System.Collections.Immutable;
using System.Text.Json;
using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Rating.PlanContracts;

/// <summary>What is in force for a customer's meter at a time, or <paramref name="Code"/> saying why nothing is.</summary>
public readonly record struct ContractTerms(string? Code, Customer? Customer, Contract? Contract, ContractVersion? Version, Plan? Plan)
{
    public bool Found => Code is null;
}

/// <summary>
/// Every customer, meter, plan and contract at one moment. Immutable; a change makes a new book that shares what stayed the same.
/// </summary>
public sealed class ContractBook
{
    /// <summary>Reason codes of <see cref="Find(string, string, Timestamp)"/>.</summary>
    public const string CustomerUnknown = "CUSTOMER_UNKNOWN", NoContract = "NO_CONTRACT", PlanUnknown = "PLAN_UNKNOWN", MeterNotInPlan = "METER_NOT_IN_PLAN";

    public static readonly ContractBook Empty = new(Map<Meter>(), Map<Customer>(), Map<Plan>(), Map<Contract>(), Map<ImmutableArray<Contract>>());

    readonly ImmutableDictionary<string, Meter> _meters;
    readonly ImmutableDictionary<string, Customer> _customers;
    readonly ImmutableDictionary<string, Plan> _plans;
    readonly ImmutableDictionary<string, Contract> _contracts;
    readonly ImmutableDictionary<string, ImmutableArray<Contract>> _byCustomer;

    ContractBook(ImmutableDictionary<string, Meter> meters, ImmutableDictionary<string, Customer> customers, ImmutableDictionary<string, Plan> plans,
        ImmutableDictionary<string, Contract> contracts, ImmutableDictionary<string, ImmutableArray<Contract>> byCustomer) =>
        (_meters, _customers, _plans, _contracts, _byCustomer) = (meters, customers, plans, contracts, byCustomer);

    public IReadOnlyDictionary<string, Meter> Meters => _meters;

    public IReadOnlyDictionary<string, Customer> Customers => _customers;

    public IReadOnlyDictionary<string, Plan> Plans => _plans;

    public IReadOnlyDictionary<string, Contract> Contracts => _contracts;

    /// <summary>The book of some entries, in their order.</summary>
    public static ContractBook Of(IEnumerable<ContractEntry> entries) => entries.Aggregate(Empty, (book, entry) => book.With(entry));

    /// <summary>The book with one definition added or replaced.</summary>
    /// <exception cref="ContractFaultException">The entry's body is not a definition of its kind, or is one of another id.</exception>
    public ContractBook With(ContractEntry entry)
    {
        var faults = new FaultCollector();
        var definitions = new Definitions(faults);
        using var json = Parse(entry.Body, faults);
        var book = entry.Kind switch
        {
            EntryKind.Meter => WithMeter(definitions.Meter(json.RootElement, "$")),
            EntryKind.Customer => WithCustomer(definitions.Customer(json.RootElement, "$")),
            EntryKind.Plan => WithPlan(definitions.Plan(json.RootElement, "$")),
            EntryKind.Contract => WithContract(definitions.Contract(json.RootElement, "$")),
            var other => throw new ArgumentOutOfRangeException(nameof(entry), other, "Not a kind of entry"),
        };
        if (json.RootElement.TryGetProperty("id", out var id) && id.ValueKind == JsonValueKind.String && !id.ValueEquals(entry.Id))
        {
            faults.Add("$.id", "ID_DIFFERENT", $"the body's id is not the entry's id '{entry.Id}'");
        }
        faults.ThrowIfAny();
        return book;
    }

    /// <summary>The book without one definition; the same book when it does not hold it.</summary>
    public ContractBook Without(EntryKind kind, string id) => kind switch
    {
        EntryKind.Meter => new(_meters.Remove(id), _customers, _plans, _contracts, _byCustomer),
        EntryKind.Customer => new(_meters, _customers.Remove(id), _plans, _contracts, _byCustomer),
        EntryKind.Plan => new(_meters, _customers, _plans.Remove(id), _contracts, _byCustomer),
        EntryKind.Contract => new(_meters, _customers, _plans, _contracts.Remove(id), Unlisted(id)),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    /// <summary>The contract that is in force for a customer at a time, whatever it prices. Of several: the one with the lowest id.</summary>
    public ContractTerms Find(string customer, Timestamp at) => Find(customer, null, at);

    /// <summary>
    /// The contract that prices a customer's meter at a time. Of several in force that do: the one with the lowest id (ordinal).
    /// </summary>
    public ContractTerms Find(string customer, string? meter, Timestamp at)
    {
        if (!_customers.TryGetValue(customer, out var who)) return Missing(CustomerUnknown);
        if (!_byCustomer.TryGetValue(customer, out var contracts)) return Missing(NoContract);
        var code = NoContract;
        foreach (var contract in contracts)
        {
            if (InForce(contract, at) is not { } version) continue;
            if (!_plans.TryGetValue(version.Plan, out var plan)) code = PlanUnknown;
            else if (meter is null || plan.Prices.ContainsKey(meter)) return new(null, who, contract, version, plan);
            else code = MeterNotInPlan;
        }
        return Missing(code);
    }

    /// <summary>The earliest time after <paramref name="at"/> at which one of a customer's versions begins or ends: until then, what is in force stays so.</summary>
    public Timestamp NextChange(string customer, Timestamp at)
    {
        var next = new Timestamp(long.MaxValue);
        foreach (var version in _byCustomer.GetValueOrDefault(customer, []).SelectMany(c => c.Versions))
        {
            if (version.From > at && version.From < next) next = version.From;
            if (version.To is { } to && to > at && to < next) next = to;
        }
        return next;
    }

    static ContractTerms Missing(string code) => new(code, null, null, null, null);

    static ContractVersion? InForce(Contract contract, Timestamp at)
    {
        foreach (var version in contract.Versions)
        {
            if (version.From <= at && (version.To is not { } to || at < to)) return version;
        }
        return null;
    }

    ContractBook WithMeter(Meter meter) => new(_meters.SetItem(meter.Id, meter), _customers, _plans, _contracts, _byCustomer);

    ContractBook WithCustomer(Customer customer) => new(_meters, _customers.SetItem(customer.Id, customer), _plans, _contracts, _byCustomer);

    ContractBook WithPlan(Plan plan) => new(_meters, _customers, _plans.SetItem(plan.Id, plan), _contracts, _byCustomer);

    ContractBook WithContract(Contract contract)
    {
        var others = Unlisted(contract.Id);
        var list = others.GetValueOrDefault(contract.Customer, []).Add(contract);
        list = list.Sort((a, b) => string.CompareOrdinal(a.Id, b.Id));
        return new(_meters, _customers, _plans, _contracts.SetItem(contract.Id, contract), others.SetItem(contract.Customer, list));
    }

    ImmutableDictionary<string, ImmutableArray<Contract>> Unlisted(string contractId)
    {
        if (!_contracts.TryGetValue(contractId, out var contract)) return _byCustomer;
        var list = _byCustomer[contract.Customer].Remove(contract);
        return list.IsEmpty ? _byCustomer.Remove(contract.Customer) : _byCustomer.SetItem(contract.Customer, list);
    }

    static JsonDocument Parse(string body, FaultCollector faults)
    {
        try
        {
            return JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
        }
        catch (JsonException e)
        {
            faults.Add("$", "JSON_MALFORMED", e.Message);
            faults.ThrowIfAny();
            throw;
        }
    }

    static ImmutableDictionary<string, T> Map<T>() => ImmutableDictionary.Create<string, T>(StringComparer.Ordinal);
}
