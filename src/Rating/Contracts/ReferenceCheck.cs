using System.Text.Json;
using Streams.Rating.Contracts.Format;

namespace Streams.Rating.Contracts;

/// <summary>
/// Checks what a file's definitions say of one another and of those that are known: what is referred to is there and fits, nothing is defined twice, the hierarchy of
/// customers has no circle. A definition that has a fault of its own (null) still counts as there.
/// </summary>
sealed class ReferenceCheck(FileParts parts, JsonElement root, ContractBook known, FaultCollector faults)
{
    readonly Named<Meter> _meters = new(parts.Meters, Ids(root, "meters"), known.Meters);
    readonly Named<Customer> _customers = new(parts.Customers, Ids(root, "customers"), known.Customers);
    readonly Named<PriceBook> _books = new(parts.PriceBooks, Ids(root, "priceBooks"), known.PriceBooks);

    public void Run()
    {
        foreach (var part in new[] { "customers", "meters", "priceBooks", "contracts" }) Distinct(part);
        Each(parts.Customers, "customers", Hierarchy);
        Each(parts.PriceBooks, "priceBooks", (book, path) =>
        {
            for (var i = 0; i < book.Versions.Count; i++) Charges(book.Versions[i].Charges, $"{path}.versions[{i}].charges");
        });
        Each(parts.Contracts, "contracts", Contract);
    }

    void Distinct(string part)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var i = 0;
        foreach (var id in Ids(root, part))
        {
            if (id is not null && !seen.Add(id)) faults.Add($"$.{part}[{i}].id", "ID_DUPLICATE", $"'{id}' is defined twice");
            i++;
        }
    }

    void Hierarchy(Customer customer, string path)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { customer.Id };
        Customer? above = null;
        for (var one = customer; one.Parent is { } parent; one = above!)
        {
            if (!_customers.TryGet(parent, out above)) Add($"{path}.parent", "CUSTOMER_UNKNOWN", $"there is no customer '{parent}'");
            else if (!seen.Add(parent)) Add($"{path}.parent", "HIERARCHY_CYCLE", $"leads back to '{parent}'");
            else if (seen.Count > ContractBook.MaxHierarchy) Add($"{path}.parent", "HIERARCHY_DEEP", $"has more than {ContractBook.MaxHierarchy} customers above one another");
            else if (above is not null) continue;
            return;
        }
    }

    void Charges(IReadOnlyList<ChargeDefinition> charges, string path)
    {
        for (var i = 0; i < charges.Count; i++)
        {
            if (charges[i] is not UsageCharge charge) continue;
            if (!_meters.TryGet(charge.Meter, out var meter)) Add($"{path}[{i}].meter", "METER_UNKNOWN", $"there is no meter '{charge.Meter}'");
            else if (meter is not null && MeterFit.Fault(charge, meter) is var (code, reason)) Add($"{path}[{i}].price", code, reason);
        }
    }

    void Contract(Contract contract, string path)
    {
        if (!_customers.Has(contract.Customer)) Add($"{path}.customer", "CUSTOMER_UNKNOWN", $"there is no customer '{contract.Customer}'");
        for (var i = 0; i < contract.Versions.Count; i++) Version(contract, contract.Versions[i], $"{path}.versions[{i}]");
    }

    void Version(Contract contract, ContractVersion version, string path)
    {
        Charges(version.Charges, $"{path}.charges");
        var ids = version.Charges.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        var complete = true;
        if (version.PriceBook is { } id)
        {
            if (!_books.TryGet(id, out var book)) Add($"{path}.priceBook", "PRICE_BOOK_UNKNOWN", $"there is no price book '{id}'");
            complete = book is not null;
            if (book is not null) Book(contract, version, book, path, ids);
        }
        if (complete) Terms(version, path, ids);
        Meters(version, path);
    }

    /// <summary>Collects the ids of the charges that hold at some time of the version.</summary>
    void Book(Contract contract, ContractVersion version, PriceBook book, string path, HashSet<string> ids)
    {
        if (book.Currency != contract.Currency) Add($"{path}.priceBook", "CURRENCY_MISMATCH", $"price book '{book.Id}' is in {book.Currency}, the contract in {contract.Currency}");
        if (version.PriceBookVersion is { } pinned && book.Numbered(pinned) is null) Add($"{path}.priceBookVersion", "PRICE_BOOK_UNKNOWN", $"price book '{book.Id}' has no version {pinned}");
        if (version.PriceBookVersion is null && book.At(version.From) is null) Add($"{path}.priceBook", "PRICE_BOOK_NOT_IN_FORCE", $"price book '{book.Id}' begins at {book.Versions[0].From}, after the version");
        var held = book.Versions.Where(v => version.PriceBookVersion is not { } number || v.Version == number).SelectMany(v => v.Charges).ToList();
        var listed = held.Select(c => c.Id).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < version.Remove.Count; i++)
        {
            if (!listed.Contains(version.Remove[i])) Add($"{path}.remove[{i}]", "CHARGE_UNKNOWN", $"price book '{book.Id}' has no charge '{version.Remove[i]}'");
        }
        foreach (var charge in held.Where(c => !version.Remove.Contains(c.Id, StringComparer.Ordinal)))
        {
            if (ids.Add(charge.Id)) Trial(contract, charge, $"{path}.priceBook");
        }
    }

    void Trial(Contract contract, ChargeDefinition charge, string path)
    {
        try
        {
            ContractCheck.Trial(charge, contract);
        }
        catch (ContractFaultException e)
        {
            foreach (var fault in e.Faults) Add(path, fault.Code, $"charge '{charge.Id}': {fault.Reason}");
        }
    }

    void Terms(ContractVersion version, string path, HashSet<string> charges)
    {
        for (var i = 0; i < version.Commitments.Count; i++)
        {
            if (charges.Contains(version.Commitments[i].Id)) Add($"{path}.commitments[{i}].id", "ID_DUPLICATE", $"'{version.Commitments[i].Id}' is a charge");
            Known(version.Commitments[i].Charges, charges, $"{path}.commitments[{i}].charges");
        }
        var lines = charges.Concat(version.Commitments.Select(c => c.Id)).ToHashSet(StringComparer.Ordinal);
        for (var i = 0; i < version.Coupons.Count; i++) Known(version.Coupons[i].AppliesTo, lines, $"{path}.coupons[{i}].appliesTo");
        for (var i = 0; i < version.Credits.Grants.Count; i++) Known(version.Credits.Grants[i].Charges, lines, $"{path}.credits.grants[{i}].charges");
    }

    void Meters(ContractVersion version, string path)
    {
        for (var i = 0; i < version.Credits.Grants.Count; i++)
        {
            if (version.Credits.Grants[i].Meter is { } meter && !_meters.Has(meter)) Add($"{path}.credits.grants[{i}].meter", "METER_UNKNOWN", $"there is no meter '{meter}'");
        }
        for (var i = 0; i < version.Entitlements.Count; i++)
        {
            if (version.Entitlements[i] is MeteredEntitlement { Meter: var meter } && !_meters.Has(meter)) Add($"{path}.entitlements[{i}].meter", "METER_UNKNOWN", $"there is no meter '{meter}'");
        }
    }

    void Known(IReadOnlyList<string>? named, HashSet<string> ids, string path)
    {
        for (var i = 0; i < (named?.Count ?? 0); i++)
        {
            if (!ids.Contains(named![i])) Add($"{path}[{i}]", "CHARGE_UNKNOWN", $"there is no charge '{named[i]}'");
        }
    }

    void Add(string path, string code, string reason) => faults.Add(path, code, reason);

    static void Each<T>(IReadOnlyList<T> items, string part, Action<T, string> check)
    {
        for (var i = 0; i < items.Count; i++)
        {
            if (items[i] is { } item) check(item, $"$.{part}[{i}]");
        }
    }

    /// <summary>Definitions by id: the file's before those that are known.</summary>
    sealed class Named<T> where T : class
    {
        readonly Dictionary<string, T?> _ofFile = new(StringComparer.Ordinal);
        readonly IReadOnlyDictionary<string, T> _known;

        public Named(IReadOnlyList<T> items, IEnumerable<string?> ids, IReadOnlyDictionary<string, T> known)
        {
            _known = known;
            var i = 0;
            foreach (var id in ids)
            {
                if (id is not null) _ofFile[id] = i < items.Count ? items[i] : null;
                i++;
            }
        }

        public bool Has(string id) => TryGet(id, out _);

        /// <summary>Whether there is one; null where it has a fault.</summary>
        public bool TryGet(string id, out T? item)
        {
            if (_ofFile.TryGetValue(id, out item)) return true;
            var found = _known.TryGetValue(id, out var other);
            item = other;
            return found;
        }
    }

    /// <summary>The ids of a part as they stand in the text; null where there is none.</summary>
    static IEnumerable<string?> Ids(JsonElement root, string part)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty(part, out var items) || items.ValueKind != JsonValueKind.Array) yield break;
        foreach (var item in items.EnumerateArray()) yield return item.ValueKind == JsonValueKind.Object && item.TryGetProperty("id", out var id) ? Text(id) : null;
    }

    static string? Text(JsonElement id)
    {
        try
        {
            return id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // half of a surrogate pair, which is a fault already
        }
    }
}
