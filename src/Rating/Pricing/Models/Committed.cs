using Streams.Rating.Periods;

namespace Streams.Rating.Pricing;

/// <summary>What a commitment made of a fee: the part within it, the part beyond it (times the overage factor), and what was paid without use.</summary>
public readonly record struct CommitmentUse(Exact Utilized, Exact Overage, Exact TrueUp)
{
    public Exact Total => Utilized + Overage + TrueUp;

    public static CommitmentUse operator +(CommitmentUse a, CommitmentUse b) => new(a.Utilized + b.Utilized, a.Overage + b.Overage, a.TrueUp + b.TrueUp);
}

/// <summary>An amount agreed for a window or period: what goes beyond costs <see cref="OverageFactor"/> times its price; what stays below is paid all the same where <see cref="TrueUp"/> says so.</summary>
public sealed record Commitment
{
    public Commitment(Exact amount, Exact? overageFactor = null, bool trueUp = true)
    {
        var check = new TermsCheck();
        check.NotNegative("amount", Amount = amount);
        check.NotNegative("overageFactor", OverageFactor = overageFactor ?? Exact.One);
        check.Done();
        TrueUp = trueUp;
    }

    public Exact Amount { get; }

    public Exact OverageFactor { get; }

    public bool TrueUp { get; }

    public CommitmentUse Apply(Exact fee) => fee > Amount
        ? new(Amount, (fee - Amount) * OverageFactor, Exact.Zero)
        : new(fee, Exact.Zero, TrueUp ? Amount - fee : Exact.Zero);

    /// <summary>As <see cref="Apply"/>, with steps.</summary>
    internal CommitmentUse Apply(Exact fee, in Calculation calculation)
    {
        var use = Apply(fee);
        if (!use.Overage.IsZero) calculation.Trail?.Add(new(StepKind.Overage, $"beyond the commitment of {Amount}", fee - Amount, OverageFactor, use.Overage));
        if (!use.TrueUp.IsZero) calculation.Trail?.Add(StepKind.TrueUp, $"up to the commitment of {Amount}", use.TrueUp);
        return use;
    }
}

/// <summary>A price under a commitment of the period.</summary>
public sealed record Committed(PriceModel Model, Commitment Commitment) : PriceModel
{
    public override bool ByItem => Model.ByItem;

    public override Exact Price(in Usage usage, in Calculation calculation) => Commitment.Apply(Model.Price(usage, calculation), calculation).Total;
}

/// <summary>
/// The price of the windows that go by this name, and the commitment of each. <paramref name="Times"/> says which windows do, by when they begin on the
/// contract's clock; null: all that no rule before takes.
/// </summary>
public sealed record WindowRule(string Name, PriceModel Price, Commitment? Commitment = null, WindowTimes? Times = null);

/// <summary>
/// Hours of the local clock, from <paramref name="FromHour"/> to <paramref name="ToHour"/> (exclusive; not after the first: over midnight), on some days of the week
/// (empty: on all; the day is that on which the window begins).
/// </summary>
public sealed record WindowTimes(int FromHour, int ToHour, params IReadOnlyList<DayOfWeek> Days)
{
    public bool Hold(DayOfWeek day, int hour) =>
        (Days.Count == 0 || Days.Contains(day)) && (FromHour < ToHour ? hour >= FromHour && hour < ToHour : hour >= FromHour || hour < ToHour);
}

/// <summary>Windows (hours, say) priced each alone by the rule they go by, e.g. day and night. Items are windows; their key is the rule's name.</summary>
public sealed record Windowed : PriceModel
{
    readonly Dictionary<string, WindowRule> _byName = new(StringComparer.Ordinal);

    public Windowed(IReadOnlyList<WindowRule> rules)
    {
        var check = new TermsCheck();
        check.Filled("rules", rules);
        for (var i = 0; i < rules.Count; i++)
        {
            check.That(!rules[i].Price.ByItem, $"rules[{i}].price", "MODEL_INVALID", "prices items, not a quantity");
            if (rules[i].Times is { } times)
            {
                check.Between($"rules[{i}].times.fromHour", times.FromHour, 0, 23);
                check.Between($"rules[{i}].times.toHour", times.ToHour, 0, 24);
            }
            check.That(_byName.TryAdd(rules[i].Name, rules[i]), $"rules[{i}].name", "RULE_TWICE", $"'{rules[i].Name}' stands there twice");
        }
        check.Done();
        Rules = rules.ToArray();
    }

    public IReadOnlyList<WindowRule> Rules { get; }

    public override bool ByItem => true;

    public override Exact Price(in Usage usage, in Calculation calculation) => Use(usage, calculation).Total;

    /// <summary>The name of the first rule that a window goes by.</summary>
    /// <exception cref="PricingException">No rule takes it.</exception>
    public string RuleOf(TimeWindow window, ZoneClock zone)
    {
        var (day, hour) = (zone.DateShown(window.Start).DayOfWeek, zone.HourShown(window.Start));
        foreach (var rule in Rules)
        {
            if (rule.Times?.Hold(day, hour) ?? true) return rule.Name;
        }
        throw new PricingException("window", $"{window} has no price");
    }

    /// <summary>The price by use, overage and true-up.</summary>
    public CommitmentUse Use(in Usage usage, in Calculation calculation)
    {
        var sum = default(CommitmentUse);
        foreach (var window in usage.Items)
        {
            var name = window.Key.Count == 1 ? window.Key[0] : "";
            if (!_byName.TryGetValue(name, out var rule)) throw new PricingException("window", $"'{name}' has no price");
            if (calculation.Records) calculation.Trail!.Add(StepKind.Window, $"quantity of a window {name}", window.Quantity);
            var fee = rule.Price.Price(window.Quantity, calculation);
            sum += rule.Commitment is { } commitment ? commitment.Apply(fee, calculation) : new(fee, Exact.Zero, Exact.Zero);
        }
        return sum;
    }
}
