using System.Text;

namespace Streams.Rating.Pricing;

/// <summary>What a step of a calculation did.</summary>
public enum StepKind
{
    Quantity,
    UsageDiscount,
    Unit,
    Tier,
    FlatFee,
    Package,
    Block,
    Capacity,
    Event,
    Cell,
    Group,
    Window,
    BaseFee,
    CostPlus,
    AlreadyPriced,
    AlreadyBilled,
    Rounding,
    Discount,
    Maximum,
    Minimum,
    Overage,
    TrueUp,
    Proration,
    Coupon,
    Credit,
    Tax,
    Grant,
}

/// <summary>
/// One step: <paramref name="Quantity"/> times <paramref name="UnitPrice"/> where the step has them, and the <paramref name="Amount"/> it gives (for
/// steps that change a value: the new value). <paramref name="Subject"/> says on what, e.g. "tier 2, above 5 up to 10".
/// </summary>
public readonly record struct PricingStep(StepKind Kind, string Subject, Exact? Quantity, Exact? UnitPrice, Exact Amount)
{
    public override string ToString()
    {
        var text = new StringBuilder(Subject).Append(": ");
        if (Quantity is { } quantity && UnitPrice is { } price) text.Append(quantity).Append(" × ").Append(price).Append(" = ");
        return text.Append(Amount).ToString();
    }
}

/// <summary>The steps of a calculation in their order. Nothing is recorded where no trail is given, so that mass rating does not pay for it.</summary>
public sealed class Trail
{
    /// <summary>A calculation of more steps (events of a percentage, say) keeps the first so many and counts the rest.</summary>
    public const int MaxSteps = 10_000;

    readonly List<PricingStep> _steps = [];

    public IReadOnlyList<PricingStep> Steps => _steps;

    /// <summary>Steps beyond <see cref="MaxSteps"/>.</summary>
    public long Unrecorded { get; private set; }

    public void Add(StepKind kind, string subject, Exact amount) => Add(new(kind, subject, null, null, amount));

    public void Add(PricingStep step)
    {
        if (_steps.Count < MaxSteps) _steps.Add(step);
        else Unrecorded++;
    }

    public override string ToString() => string.Join(Environment.NewLine, _steps);
}

/// <summary>How a price is calculated: where the steps are written, and whether each tier's amount is rounded.</summary>
public readonly record struct Calculation(Trail? Trail = null, Rounding? EachTier = null)
{
    /// <summary>Whether steps are written: their subjects are only worded where they are.</summary>
    public bool Records => Trail is not null;

    /// <summary>A tier's (package's, event's ...) amount: quantity times price, rounded where the contract rounds tiers.</summary>
    public Exact Part(StepKind kind, Exact quantity, Exact unitPrice, string subject) => Part(kind, quantity, unitPrice, quantity * unitPrice, subject);

    /// <summary>As above, for an amount that is no plain product.</summary>
    public Exact Part(StepKind kind, Exact? quantity, Exact? unitPrice, Exact amount, string subject)
    {
        Trail?.Add(new(kind, subject, quantity, unitPrice, amount));
        return EachTier is { } rounding ? Rounded(rounding, amount) : amount;
    }

    /// <summary>The rounded value, with a step where rounding changed it.</summary>
    public Exact Rounded(Rounding rounding, Exact amount)
    {
        var rounded = rounding.Apply(amount);
        if (Trail is not null && rounded != amount) Trail.Add(new(StepKind.Rounding, $"rounded {rounding}", null, null, rounded));
        return rounded;
    }
}
