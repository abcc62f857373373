using Microsoft.AspNetCore.Http;
using Streams.Aggregators.Queries;
using Streams.Rating.Contracts;
using Streams.Rating.Entitlements;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Aggregators.Entitlements;

/// <summary>What a customer may do with a feature.</summary>
/// <param name="Entitlement">The terms; null where they are not in force.</param>
/// <param name="Answer">The figures.</param>
/// <param name="AsOf">Up to which event time use is in it, in microseconds; <see cref="long.MinValue"/>: none is known.</param>
/// <param name="Reason">Why not; null: it is allowed.</param>
public sealed record FeatureAnswer(string Customer, Entitlement? Entitlement, EntitlementAnswer Answer, long AsOf, string? Reason);

/// <summary>Answers, a refusal, or (neither) the partition of another instance and the customer that it is asked for.</summary>
public readonly record struct EntitlementResult(IReadOnlyList<FeatureAnswer>? Answers, Refusal? Refusal, int Partition, string Owner)
{
    public EntitlementResult(params FeatureAnswer[] answers) : this(answers, null, 0, "")
    {
    }
}

/// <summary>
/// Answers from the contracts and the use that was committed, without waiting for anybody. Use is reset by the later of stream time and clock: a customer that is
/// refused sends nothing that would move stream time.
/// </summary>
public sealed class EntitlementReader(Func<ContractBook> book, EntitlementView view, IStateOwners owners, TimeProvider clock)
{
    /// <summary>Why a feature is not to be used.</summary>
    public const string LimitReached = "LIMIT_REACHED", NotInForce = "NOT_IN_FORCE";

    static readonly EntitlementResult NotReady = new(null, new(StatusCodes.Status503ServiceUnavailable, "NOT_READY", "The stream has not started yet: ask again"), 0, "");

    /// <summary>One feature.</summary>
    /// <param name="at">When; null: now.</param>
    public EntitlementResult Find(string customer, string feature, Timestamp? at)
    {
        var known = book();
        if (!known.Customers.ContainsKey(customer)) return UnknownCustomer(customer);
        if (owners.PartitionOf(customer) is not { } partition) return NotReady;
        var time = TimeOf(at, partition);
        foreach (var (contract, version) in known.InForce(customer, time))
        {
            foreach (var entitlement in version.Entitlements)
            {
                if (entitlement.Feature == feature) return Answer(customer, contract, entitlement, time, partition);
            }
        }
        return known.ContractsOf(customer).Any(c => c.Versions.Any(v => v.Entitlements.Any(e => e.Feature == feature)))
            ? new(new FeatureAnswer(customer, null, new(feature, false), AsOf(partition), NotInForce))
            : Refused(new(StatusCodes.Status404NotFound, "FEATURE_UNKNOWN", $"No contract of customer '{customer}' has a feature '{feature}': look at GET /v1/entitlements/{customer}, or load a contract with it"));
    }

    /// <summary>Every feature that is in force, by name.</summary>
    /// <param name="at">When; null: now.</param>
    public EntitlementResult All(string customer, Timestamp? at)
    {
        var known = book();
        if (!known.Customers.ContainsKey(customer)) return UnknownCustomer(customer);
        if (owners.PartitionOf(customer) is not { } partition) return NotReady;
        var time = TimeOf(at, partition);
        var answers = new SortedDictionary<string, FeatureAnswer>(StringComparer.Ordinal);
        foreach (var (contract, version) in known.InForce(customer, time))
        {
            foreach (var entitlement in version.Entitlements)
            {
                if (answers.ContainsKey(entitlement.Feature)) continue;
                var result = Answer(customer, contract, entitlement, time, partition);
                if (result.Answers is not [var answer]) return result;
                answers.Add(entitlement.Feature, answer);
            }
        }
        return new([.. answers.Values]);
    }

    Timestamp TimeOf(Timestamp? at, int partition) => at ?? new(Math.Max(Timestamp.From(clock.GetUtcNow()).Micros, AsOf(partition)));

    long AsOf(int partition) => view.Find(partition)?.StreamTime ?? long.MinValue;

    EntitlementResult Answer(string customer, Contract contract, Entitlement entitlement, Timestamp at, int partition)
    {
        if (entitlement is not MeteredEntitlement metered)
            return new(new FeatureAnswer(customer, entitlement, new(entitlement.Feature, true) { Value = (entitlement as StaticEntitlement)?.Value }, AsOf(partition), null));
        // A feature of who pays is used by all together, where that one's usage lies.
        var owner = contract.Customer;
        if (owner != customer) partition = owners.PartitionOf(owner)!.Value;
        if (view.Find(partition) is not { } here) return new(null, null, partition, owner);
        var feature = new MeteredFeature(metered, contract.Calendar);
        var use = here.Find(new(owner, metered.Feature)) is { } found && found.Meter == metered.Meter ? found.Use : feature.Begun(contract);
        var answer = EntitlementCheck.Answer(feature, use, at);
        return new(new FeatureAnswer(customer, metered, answer, here.StreamTime, answer.HasAccess ? null : LimitReached));
    }

    static EntitlementResult UnknownCustomer(string customer) =>
        Refused(new(StatusCodes.Status404NotFound, "CUSTOMER_UNKNOWN", $"There is no customer '{customer}': load it with streams contracts load"));

    static EntitlementResult Refused(Refusal refusal) => new(null, refusal, 0, "");
}
