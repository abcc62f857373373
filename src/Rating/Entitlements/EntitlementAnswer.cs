using Streams.Rating.Contracts;
using Streams.Schemas;

namespace Streams.Rating.Entitlements;

/// <summary>Whether a customer may use a feature now.</summary>
public sealed record EntitlementAnswer(string Feature, bool HasAccess)
{
    /// <summary>Of a static feature.</summary>
    public string? Value { get; init; }

    /// <summary>Of a metered feature: what may be used in the interval, with what rolled over. The rest below is of metered features, too.</summary>
    public Exact? Allowed { get; init; }

    public Exact? Used { get; init; }

    /// <summary>What is left, never below zero.</summary>
    public Exact? Left { get; init; }

    /// <summary>What was used beyond.</summary>
    public Exact? Overage { get; init; }

    /// <summary>When use counts from zero again; null: never.</summary>
    public Timestamp? ResetsAt { get; init; }
}

/// <summary>Answers from a contract's entitlements and what was used. A feature that no version in force has is one without access.</summary>
public static class EntitlementCheck
{
    /// <param name="contracts">Those of the customer, or of who pays for it. The first in which the feature is found answers.</param>
    /// <param name="feature">The feature's name.</param>
    /// <param name="at">The time.</param>
    /// <param name="use">What was used of a metered feature, by contract and feature; null where nothing was.</param>
    public static EntitlementAnswer Answer(IEnumerable<Contract> contracts, string feature, Timestamp at, Func<Contract, MeteredEntitlement, MeteredUse?> use)
    {
        foreach (var contract in contracts)
        {
            if (Find(contract, feature, at) is { } found) return Answer(contract, found, at, use);
        }
        return new(feature, false);
    }

    /// <summary>A contract's entitlement to a feature at a time.</summary>
    public static Entitlement? Find(Contract contract, string feature, Timestamp at)
    {
        if (contract.At(at) is not { } version) return null;
        foreach (var entitlement in version.Entitlements)
        {
            if (entitlement.Feature == feature) return entitlement;
        }
        return null;
    }

    static EntitlementAnswer Answer(Contract contract, Entitlement entitlement, Timestamp at, Func<Contract, MeteredEntitlement, MeteredUse?> use) => entitlement switch
    {
        StaticEntitlement fixedValue => new(entitlement.Feature, true) { Value = fixedValue.Value },
        MeteredEntitlement metered => Answer(new MeteredFeature(metered, contract.Calendar), use(contract, metered), at),
        _ => new(entitlement.Feature, true),
    };

    /// <summary>At a hard limit there is no access once everything that is allowed was used.</summary>
    public static EntitlementAnswer Answer(MeteredFeature feature, MeteredUse? use, Timestamp at)
    {
        var now = feature.At(use, at);
        var left = feature.Allowed(now) - now.Used;
        return new(feature.Terms.Feature, feature.Terms.Kind == LimitKind.Soft || left.Sign > 0)
        {
            Allowed = feature.Allowed(now), Used = now.Used, Left = Exact.Max(left, Exact.Zero), Overage = Exact.Max(-left, Exact.Zero),
            ResetsAt = now.Interval == Periods.ZoneClock.Supported ? null : now.Interval.End,
        };
    }
}
