using System.Text.Json;
using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Rating.PlanContracts;

/// <summary>Reads the four kinds of definitions from JSON and checks what can be checked without the others.</summary>
sealed class Definitions(FaultCollector faults)
{
    static readonly string[] MeterProperties = ["id", "unit", "product"];
    static readonly string[] CustomerProperties = ["id", "name", "legalEntity", "erpIds"];
    static readonly string[] PlanProperties = ["id", "currency", "prices"];
    static readonly string[] TierProperties = ["upTo", "unitPrice"];
    static readonly string[] ContractProperties = ["id", "customer", "versions"];
    static readonly string[] VersionProperties = ["version", "from", "to", "plan"];

    public Meter Meter(JsonElement json, string path)
    {
        var o = new StrictObject(json, path, faults, MeterProperties);
        return new(o.Id("id"), o.Label("unit"), o.Id("product"));
    }

    public Customer Customer(JsonElement json, string path)
    {
        var o = new StrictObject(json, path, faults, CustomerProperties);
        var erpIds = new SortedDictionary<string, string>(StringComparer.Ordinal);
        if (o.TryGet("erpIds", out var ids))
        {
            var map = new StrictObject(ids, o.At("erpIds"), faults, null);
            foreach (var (erp, _) in map.Properties) erpIds[erp] = map.Id(erp);
        }
        return new(o.Id("id"), o.Label("name"), o.Id("legalEntity"), erpIds);
    }

    public Plan Plan(JsonElement json, string path)
    {
        var o = new StrictObject(json, path, faults, PlanProperties);
        var prices = new SortedDictionary<string, IReadOnlyList<Tier>>(StringComparer.Ordinal);
        var id = o.Id("id");
        var currency = o.Text("currency");
        if (currency.Length != 3 || !currency.All(char.IsAsciiLetterUpper)) faults.Add(o.At("currency"), "CURRENCY_INVALID", "must be three capital letters (ISO 4217)");
        if (!o.TryGet("prices", out var map))
        {
            faults.Add(o.At("prices"), "PROPERTY_MISSING", "is missing");
            return new(id, currency, prices);
        }
        var byMeter = new StrictObject(map, o.At("prices"), faults, null);
        foreach (var (meter, _) in byMeter.Properties)
        {
            StrictObject.CheckId(byMeter.At(meter), meter, faults);
            prices[meter] = Tiers(byMeter, meter);
        }
        return new(id, currency, prices);
    }

    List<Tier> Tiers(StrictObject prices, string meter)
    {
        var tiers = new List<Tier>();
        var path = prices.At(meter);
        var before = faults.Count;
        foreach (var (item, at) in prices.Array(meter, required: true))
        {
            var o = new StrictObject(item, at, faults, TierProperties);
            ExactDecimal? upTo = o.TryGet("upTo", out _) ? o.Decimal("upTo") : null;
            var price = o.Decimal("unitPrice");
            if (price < ExactDecimal.Zero) faults.Add(o.At("unitPrice"), "PRICE_NEGATIVE", "is negative");
            var last = tiers.Count == 0 ? ExactDecimal.Zero : tiers[^1].UpTo;
            if (last is null) faults.Add(at, "TIERS_NOT_RISING", "stands behind a tier without end");
            else if (upTo is { } end && end <= last) faults.Add(o.At("upTo"), "TIERS_NOT_RISING", $"{end} is not above {last}");
            tiers.Add(new(upTo, price));
        }
        if (faults.Count == before && tiers.Count == 0) faults.Add(path, "TIERS_EMPTY", "has no tier");
        else if (faults.Count == before && tiers[^1].UpTo is not null) faults.Add(path, "TIERS_NOT_OPEN", "needs a last tier without upTo");
        return tiers;
    }

    public Contract Contract(JsonElement json, string path)
    {
        var o = new StrictObject(json, path, faults, ContractProperties);
        var id = o.Id("id");
        var customer = o.Id("customer");
        var versions = new List<ContractVersion>();
        foreach (var (item, at) in o.Array("versions", required: true))
        {
            var v = new StrictObject(item, at, faults, VersionProperties);
            var version = new ContractVersion(v.Int("version"), v.Time("from"), v.TryGet("to", out _) ? v.Time("to") : null, v.Id("plan"));
            if (version.Version < 1) faults.Add(v.At("version"), "VERSION_INVALID", "must be at least 1");
            if (version.To is { } to && to <= version.From) faults.Add(v.At("to"), "VERSION_INVALID", "is not behind from");
            if (versions.Count > 0) CheckOrder(versions[^1], version, v);
            versions.Add(version);
        }
        if (versions.Count == 0) faults.Add(o.At("versions"), "VERSIONS_EMPTY", "has no version");
        return new(id, customer, versions);
    }

    void CheckOrder(ContractVersion before, ContractVersion version, StrictObject o)
    {
        if (version.Version <= before.Version) faults.Add(o.At("version"), "VERSION_INVALID", $"{version.Version} does not follow {before.Version}");
        if (before.To is not { } end || end > version.From) faults.Add(o.At("from"), "VERSIONS_OVERLAP", $"version {version.Version} begins before version {before.Version} ends");
    }
}
