using System.Text.Json;
using System.Text;
using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Rating.PlanContracts;

/// <summary>
/// The file form of contracts: <c>{"customers":[…],"meters":[…],"plans":[…],"contracts":[…]}</c>, each part optional, decimals as strings.
/// </summary>
public static class ContractFile
{
    /// <summary>Bytes at most in one file.</summary>
    public const int MaxBytes = 64 * 1024 * 1024;

    static readonly string[] Parts = ["customers", "meters", "plans", "contracts"];

    /// <inheritdoc cref="Parse(ReadOnlyMemory{byte}, string, Timestamp, ContractBook?)"/>
    public static IReadOnlyList<ContractEntry> Parse(string json, string changedBy, Timestamp changedAt, ContractBook? known = null) =>
        Parse(Encoding.UTF8.GetBytes(json), changedBy, changedAt, known);

    /// <summary>
    /// The file's entries: meters, customers, plans and contracts, each in the order of the file, so that nothing precedes what it refers to.
    /// References may also lead to <paramref name="known"/> definitions.
    /// </summary>
    /// <exception cref="ContractFaultException">Holds every fault of the file.</exception>
    public static IReadOnlyList<ContractEntry> Parse(ReadOnlyMemory<byte> json, string changedBy, Timestamp changedAt, ContractBook? known = null)
    {
        var faults = new FaultCollector();
        if (json.Length > MaxBytes) faults.Add("$", "FILE_TOO_LARGE", $"has {json.Length} bytes, {MaxBytes} are allowed");
        faults.ThrowIfAny();
        using var document = Open(json, faults);
        var entries = new List<ContractEntry>();
        ContractEntry Entry(EntryKind kind, string id, string body) => new() { Kind = kind, Id = id, Body = body, ChangedBy = changedBy, ChangedAt = changedAt };

        var root = new StrictObject(document.RootElement, "$", faults, Parts);
        var definitions = new Definitions(faults);
        var meters = Part(root, "meters", definitions.Meter, m => m.Id, faults);
        var customers = Part(root, "customers", definitions.Customer, c => c.Id, faults);
        var plans = Part(root, "plans", definitions.Plan, p => p.Id, faults);
        var contracts = Part(root, "contracts", definitions.Contract, c => c.Id, faults);
        var references = new References(known ?? ContractBook.Empty, faults);
        references.Check(meters, customers, plans, contracts);
        faults.ThrowIfAny();

        entries.AddRange(meters.Select(m => Entry(EntryKind.Meter, m.Value.Id, CanonicalJson.Write(m.Value))));
        entries.AddRange(customers.Select(c => Entry(EntryKind.Customer, c.Value.Id, CanonicalJson.Write(c.Value))));
        entries.AddRange(plans.Select(p => Entry(EntryKind.Plan, p.Value.Id, CanonicalJson.Write(p.Value))));
        entries.AddRange(contracts.Select(c => Entry(EntryKind.Contract, c.Value.Id, CanonicalJson.Write(c.Value))));
        return entries;
    }

    static JsonDocument Open(ReadOnlyMemory<byte> json, FaultCollector faults)
    {
        try
        {
            return JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
        }
        catch (JsonException e)
        {
            faults.Add("$", "JSON_MALFORMED", e.Message);
            faults.ThrowIfAny();
            throw;
        }
    }

    static List<Located<T>> Part<T>(StrictObject root, string name, Func<JsonElement, string, T> read, Func<T, string> id, FaultCollector faults)
    {
        var items = new List<Located<T>>();
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (item, path) in root.Array(name, required: false))
        {
            var value = read(item, path);
            if (id(value).Length > 0 && !ids.Add(id(value))) faults.Add($"{path}.id", "ID_DUPLICATE", $"'{id(value)}' is defined twice");
            items.Add(new(value, path));
        }
        return items;
    }

    readonly record struct Located<T>(T Value, string Path);

    sealed class References(ContractBook known, FaultCollector faults)
    {
        public void Check(List<Located<Meter>> meters, List<Located<Customer>> customers, List<Located<Plan>> plans, List<Located<Contract>> contracts)
        {
            var meterIds = Ids(known.Meters.Keys, meters.Select(m => m.Value.Id));
            var customerIds = Ids(known.Customers.Keys, customers.Select(c => c.Value.Id));
            var planIds = Ids(known.Plans.Keys, plans.Select(p => p.Value.Id));
            foreach (var (plan, path) in plans)
            {
                foreach (var meter in plan.Prices.Keys) Expect(meterIds, meter, $"{path}.prices.{meter}", "METER_UNKNOWN", "meter");
            }
            foreach (var (contract, path) in contracts)
            {
                Expect(customerIds, contract.Customer, $"{path}.customer", "CUSTOMER_UNKNOWN", "customer");
                for (var i = 0; i < contract.Versions.Count; i++) Expect(planIds, contract.Versions[i].Plan, $"{path}.versions[{i}].plan", "PLAN_UNKNOWN", "plan");
            }
        }

        static HashSet<string> Ids(IEnumerable<string> known, IEnumerable<string> defined) => new(known.Concat(defined), StringComparer.Ordinal);

        void Expect(HashSet<string> ids, string id, string path, string code, string what)
        {
            if (id.Length > 0 && !ids.Contains(id)) faults.Add(path, code, $"there is no {what} '{id}'");
        }
    }
}
