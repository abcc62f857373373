using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Rating.PlanContracts;

/// <summary>Something that is counted, e.g. api.requests in requests, sold as part of a product.</summary>
public sealed record Meter(string Id, string Unit, string Product);

/// <summary>A company that uses and pays. <paramref name="ErpIds"/>: its id in each ERP, e.g. netsuite → 145.</summary>
public sealed record Customer(string Id, string Name, string LegalEntity, IReadOnlyDictionary<string, string> ErpIds);

/// <summary>Units up to <paramref name="UpTo"/> (counted from the period's start; null: without end) that lie above the tier before cost <paramref name="UnitPrice"/> each.</summary>
public sealed record Tier(ExactDecimal? UpTo, ExactDecimal UnitPrice);

/// <summary>Graduated prices by meter in one currency. One tier without end is a plain price per unit.</summary>
public sealed record Plan(string Id, string Currency, IReadOnlyDictionary<string, IReadOnlyList<Tier>> Prices);

/// <summary>The terms from <paramref name="From"/> until <paramref name="To"/> (exclusive; null: open).</summary>
public sealed record ContractVersion(int Version, Timestamp From, Timestamp? To, string Plan);

/// <summary>A customer's contract: versions that follow one another without overlap.</summary>
public sealed record Contract(string Id, string Customer, IReadOnlyList<ContractVersion> Versions);
