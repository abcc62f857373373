using Streams.Rating.Contracts;

namespace Streams.Rating.Pricing;

/// <summary>Usage that a price cannot be put on, e.g. a quantity above the last tier. The message names field and reason.</summary>
public sealed class PricingException(string field, string reason) : Exception($"{field}: {reason}")
{
    public string Field { get; } = field;

    public string Reason { get; } = reason;
}

/// <summary>Collects what is wrong with a price's terms; paths count from the model, e.g. tiers[1].upTo.</summary>
sealed class TermsCheck
{
    /// <summary>The most tiers, cells, coupons and the like of one list.</summary>
    public const int MaxItems = 10_000;

    readonly List<ContractFault> _faults = [];

    public bool IsClean => _faults.Count == 0;

    public void That(bool holds, string field, string code, string reason)
    {
        if (!holds) _faults.Add(new(field, code, reason));
    }

    public void NotNegative(string field, Exact? value) => That(value is not { Sign: < 0 }, field, "PRICE_NEGATIVE", $"{value} is negative");

    public void Positive(string field, Exact? value) => That(value is not { Sign: <= 0 }, field, "VALUE_NOT_POSITIVE", $"{value} is not above zero");

    public void Filled<T>(string field, IReadOnlyCollection<T> items)
    {
        That(items.Count > 0, field, "LIST_EMPTY", "is empty");
        That(items.Count <= MaxItems, field, "LIST_TOO_LONG", $"has more than {MaxItems} entries");
    }

    public void Between(string field, long value, long low, long high) => That(value >= low && value <= high, field, "VALUE_OUT_OF_RANGE", $"{value} is not between {low} and {high}");

    /// <summary>No id twice in a list.</summary>
    public void Distinct(string list, string field, IEnumerable<string> ids)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        var i = 0;
        foreach (var id in ids) That(known.Add(id), $"{list}[{i++}].{field}", "ID_DUPLICATE", $"'{id}' stands there twice");
    }

    /// <summary>Runs a check of its own and takes its faults, their paths behind <paramref name="at"/>.</summary>
    public void Within(string at, Action check)
    {
        try
        {
            check();
        }
        catch (ContractFaultException e)
        {
            foreach (var fault in e.Faults) _faults.Add(fault.Behind(at));
        }
    }

    /// <summary>A discount of more than all of it would pay the customer.</summary>
    public void Share(string field, Exact percent) => That(percent.Sign >= 0 && percent <= 100, field, "PERCENT_INVALID", $"{percent} is not between 0 and 100");

    /// <summary>Ends that rise from above zero; only the last tier may be open (null).</summary>
    public void Rising(string list, string field, IReadOnlyList<Exact?> ends)
    {
        for (var i = 0; i < ends.Count; i++)
        {
            var at = $"{list}[{i}]";
            var before = i == 0 ? Exact.Zero : ends[i - 1];
            if (before is null) That(false, at, "TIERS_NOT_RISING", "stands behind a tier without end");
            else if (ends[i] is { } end && end <= before) That(false, field.Length == 0 ? at : $"{at}.{field}", "TIERS_NOT_RISING", $"{end} is not above {before}");
        }
    }

    /// <exception cref="ContractFaultException">With every fault, in the order of the terms.</exception>
    public void Done()
    {
        if (_faults.Count > 0) throw new ContractFaultException(_faults);
    }
}
